"""The traffic of the scenarios: a bounded number of requests in each window, whatever the time they take."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from random import Random

from clew.cli.shop.guide import Span
from clew.testing.running import RunningClew
from clew.testing.shop import RunningShop, until

Windows = Mapping[str, Span]
_SEEN_S = 0.25
"""Services look at their switches ten times a second."""
WARM = 4
"""As many as the platform runs at once."""


class Player:
    """Makes requests to a shop, and waits until a Clew has them."""

    def __init__(self, clew: RunningClew, shop: RunningShop, *, at_once: int = 3) -> None:
        self._clew = clew
        self._shop = shop
        self._at_once = at_once
        self._users = count(100)
        self.windows: dict[str, Span] = {}

    @contextmanager
    def window(self, name: str, **stored: int) -> Iterator[None]:
        """Note the window of what happens inside, up to when Clew has the spans of it.

        Args:
            name: of the window.
            stored: least number of server and consumer spans by service.
        """
        time.sleep(_SEEN_S)
        start = time.time_ns()
        yield
        until(lambda: all(self._entries(service, start) >= least for service, least in stored.items()), str(stored))
        self.windows[name] = Span(start, time.time_ns())

    def orders(self, number: int, products: Sequence[str] = ("p1", "p2")) -> list[int]:
        """Let that many customers order, each once; returns the statuses."""
        return self._each(lambda _: self._shop.buy(f"u{next(self._users)}", products)[0], range(number))

    def looks(self, paths: Sequence[str]) -> list[int]:
        """Ask for these; returns the statuses."""
        return self._each(lambda path: self._shop.api("GET", path)[0], paths)

    def _each(self, make: Callable[..., int], over: Sequence[object]) -> list[int]:
        with ThreadPoolExecutor(self._at_once) as pool:
            return list(pool.map(make, over))

    def _entries(self, service: str, start_ns: int) -> float:
        query = f'{{ resource.service.name = "{service}" && (kind = server || kind = consumer) }} | count_over_time()'
        told = self._clew.post("/metrics/query", {"q": query, "from": str(start_ns), "to": "now", "instant": True})
        return sum(float(one["values"][-1]) for one in told["data"]["series"])


def checkout_latency(player: Player, shop: RunningShop, orders: int = 12) -> Windows:
    """Orders as ever; then a query that is slow now and then; then repaired. At last an ingress that strips headers."""
    player.orders(4)
    with player.window("before", gateway=3 * orders, payments=orders):
        player.orders(orders)
    with player.window("incident", gateway=6 * orders, payments=2 * orders):
        player.orders(orders // 2)
        shop.switch_on("slow-query")
        time.sleep(_SEEN_S)
        player.orders(orders)
        shop.switch_off("slow-query")
        time.sleep(_SEEN_S)
        player.orders(orders // 2)
    with player.window("repaired", gateway=3 * orders, payments=orders):
        player.orders(orders)
    shop.switch_on("stripped-headers")
    with player.window("stripped", gateway=6, payments=2):
        player.orders(2)
    shop.switch_off("stripped-headers")
    return player.windows


def payment_outage(player: Player, shop: RunningShop, orders: int = 12) -> Windows:
    """Orders as ever; then a release on one instance that fails; then rolled back."""
    player.orders(2)
    with player.window("before", gateway=3 * orders, payments=orders):
        player.orders(orders)
    with player.window("outage", gateway=6 * orders, payments=2 * orders):
        shop.switch_on("bad-release")
        player.orders(2 * orders, ("p1", "p2", "p3"))
    shop.switch_off("bad-release")
    with player.window("recovered", gateway=3 * orders, payments=orders):
        player.orders(orders, ("p1", "p2", "p3"))
    return player.windows


def cold_starts(player: Player, shop: RunningShop, orders: int = 5) -> Windows:
    """A spike while the platform throws away what has run, with little memory and much; then with a warm pool."""
    shop.switch_on("cold-starts")
    with player.window("small", billing=orders):
        player.orders(orders)
    shop.control("PUT", "/settings/billing", {"memory_mb": 512})
    with player.window("large", billing=orders):
        player.orders(orders)
    shop.control("PUT", "/settings/billing", {"memory_mb": 256, "warm": WARM})
    with player.window("warming", billing=WARM):
        until(lambda: len(shop.state()["services"]["billing"]) >= WARM, "a warm pool")
    with player.window("warm", billing=2 * orders):
        player.orders(2 * orders)
    shop.control("PUT", "/settings/billing", {"warm": 0})
    shop.switch_off("cold-starts")
    return player.windows


def cache_removal(player: Player, shop: RunningShop, looks: int = 400) -> Windows:
    """People look at a few products; every tenth of them without the cache."""
    draw = Random(4)  # noqa: S311 - not for secrets
    wanted = [f"/api/products/p{number}" for number in range(1, 6)] + ["/api/products?q=tea"]
    player.looks(["/api/products/p50", "/api/products/p51"])
    shop.control("PUT", "/settings/cache", {"without_share": 0.1})
    with player.window("canary", gateway=looks, catalogue=looks):
        player.looks([draw.choice(wanted) for _ in range(looks)])
    shop.control("PUT", "/settings/cache", {"without_share": 0.0})
    return player.windows
