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
CUSTOMERS = 400


class Player:
    """Makes requests to a shop, and waits until a Clew has them."""

    def __init__(self, clew: RunningClew, shop: RunningShop, *, at_once: int = 3) -> None:
        self._clew = clew
        self._shop = shop
        self._at_once = at_once
        self._customers = count(100)
        self.windows: dict[str, Span] = {}

    @contextmanager
    def window(self, name: str, **stored: int) -> Iterator[None]:
        """Note the window of what happens inside, up to when Clew has the spans of it.

        Args:
            name: of the window.
            stored: least number of server and consumer spans by service.
        """
        start = time.time_ns()
        yield
        until(lambda: all(self._entries(service, start) >= least for service, least in stored.items()), str(stored))
        self.windows[name] = Span(start, time.time_ns())

    @contextmanager
    def fault(self, name: str) -> Iterator[None]:
        """Have a fault on."""
        self._shop.switch_on(name)
        try:
            time.sleep(_SEEN_S)
            yield
        finally:
            self._shop.switch_off(name)
            time.sleep(_SEEN_S)

    @contextmanager
    def setting(self, group: str, name: str, value: float) -> Iterator[None]:
        """Have a setting at another value."""
        before = self._shop.control("GET", "/state")[1]["settings"][group][name]
        self._shop.control("PUT", f"/settings/{group}", {name: value})
        try:
            time.sleep(_SEEN_S)
            yield
        finally:
            self._shop.control("PUT", f"/settings/{group}", {name: before})

    def until_billing_has(self, processes: int) -> None:
        """Wait until the function has so many processes."""
        until(lambda: len(self._shop.state()["services"]["billing"]) >= processes, f"{processes} processes")

    def until_billing_is_quiet(self) -> None:
        """Wait until no order of before is left to bill."""
        until(lambda: not self._shop.control("GET", "/state")[1]["waiting"]["billing"], "an empty queue")

    def orders(self, number: int, products: Sequence[str] = ("p1", "p2")) -> list[int]:
        """Let that many customers order, each once; returns the statuses."""
        customers = [f"u{1 + next(self._customers) % CUSTOMERS}" for _ in range(number)]
        return self._each(lambda customer: self._shop.buy(customer, products)[0], customers)

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


def checkout_latency(player: Player, orders: int = 12) -> Windows:
    """Orders as ever; then a query that is slow now and then; then repaired. At last an ingress that strips headers."""
    player.orders(4)
    with player.window("before", gateway=3 * orders, payments=orders):
        player.orders(orders)
    with player.window("incident", gateway=6 * orders, payments=2 * orders):
        player.orders(orders // 2)
        with player.fault("slow-query"):
            player.orders(orders)
        player.orders(orders // 2)
    with player.window("repaired", gateway=3 * orders, payments=orders):
        player.orders(orders)
    with player.fault("stripped-headers"), player.window("stripped", gateway=6, payments=2):
        player.orders(2)
    return player.windows


def payment_outage(player: Player, orders: int = 12) -> Windows:
    """Orders as ever; then a release on one instance that fails; then rolled back."""
    player.orders(2)
    with player.window("before", gateway=3 * orders, payments=orders):
        player.orders(orders)
    with player.fault("bad-release"), player.window("outage", gateway=6 * orders, payments=2 * orders):
        player.orders(2 * orders, ("p1", "p2", "p3"))
    with player.window("recovered", gateway=3 * orders, payments=orders):
        player.orders(orders, ("p1", "p2", "p3"))
    return player.windows


def cold_starts(player: Player, orders: int = 5) -> Windows:
    """A spike while the platform throws away what has run, with little memory and much; then with a warm pool."""
    player.until_billing_is_quiet()
    with player.fault("cold-starts"):
        with player.window("small", billing=orders):
            player.orders(orders)
        with player.setting("billing", "memory_mb", 512), player.window("large", billing=orders):
            player.orders(orders)
        with player.setting("billing", "warm", WARM):
            with player.window("warming", billing=WARM):
                player.until_billing_has(WARM)
            with player.window("warm", billing=2 * orders):
                player.orders(2 * orders)
    return player.windows


def cache_removal(player: Player, looks: int = 400) -> Windows:
    """People look at a few products; every tenth of them without the cache."""
    draw = Random(4)  # noqa: S311 - not for secrets
    wanted = [f"/api/products/p{number}" for number in range(1, 6)] + ["/api/products?q=tea"]
    player.looks(["/api/products/p50", "/api/products/p51"])
    with player.setting("cache", "without_share", 0.1), player.window("canary", gateway=looks, catalogue=looks):
        player.looks([draw.choice(wanted) for _ in range(looks)])
    return player.windows
