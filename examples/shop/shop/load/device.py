"""A device: how requests are sent, how long it waits for an answer, and what it does when none comes."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from random import Random
from typing import Any

import httpx

from shop.load.statistics import Statistics

_AGAIN = {429, 502, 503, 504}
_FIRST_S = 0.2
_LONGEST_S = 5.0


class GivenUpError(Exception):
    """The shop did not answer as it should, however often it was asked."""


@dataclass(frozen=True)
class Kind:
    """A kind of device."""

    name: str
    agent: str
    timeout_s: float
    tries: int
    """How often a request is sent at most that may be sent again."""
    repeats_orders: bool
    """Whether it also sends orders again, under the same idempotency key."""


BROWSER = Kind("browser", "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", 15.0, 3, repeats_orders=False)
MOBILE = Kind("mobile", "ShopApp/4.2 (Android 16; okhttp/5.0)", 8.0, 4, repeats_orders=True)
BOT = Kind("bot", "PriceBot/1.0 (+https://prices.example)", 5.0, 1, repeats_orders=False)


class Device:
    """Sends the requests of one person; one connection pool is shared by all."""

    def __init__(self, kind: Kind, client: httpx.AsyncClient, told: Statistics, rng: Random, *, pace: float) -> None:
        """Prepare a device.

        Args:
            kind: what it is.
            client: the pool, with the shop as base address.
            told: where everything is counted.
            rng: of this person, for the spread of waits.
            pace: factor on all waiting; 0 waits for nothing.
        """
        self.kind = kind
        self._client = client
        self._told = told
        self._rng = rng
        self._pace = pace
        self.token = ""

    async def get(self, route: str, path: str = "", **params: str) -> Any:
        """Return the JSON of a page. Raises GivenUpError."""
        return await self._ask("GET", route, path or route, tries=self.kind.tries, params=params)

    async def send(self, method: str, route: str, body: dict[str, Any], *, path: str = "", key: str = "") -> Any:
        """Return the JSON of the answer to something that changes the shop. Raises GivenUpError.

        Args:
            method: POST or PUT.
            route: the path with its variables as they are counted.
            body: sent as JSON.
            path: the path itself, where it differs.
            key: idempotency key; with one a mobile device may send again.
        """
        repeats = method == "PUT" or (bool(key) and self.kind.repeats_orders)
        headers = {"idempotency-key": key} if key else {}
        tries = self.kind.tries if repeats else 1
        return await self._ask(method, route, path or route, tries=tries, json=body, headers=headers)

    async def pause(self, mean_s: float) -> None:
        """Think: an exponential time around a mean."""
        if self._pace:
            await asyncio.sleep(min(self._rng.expovariate(1 / mean_s), 4 * mean_s) * self._pace)

    async def _ask(self, method: str, route: str, path: str, *, tries: int, **given: Any) -> Any:
        headers = {"user-agent": self.kind.agent, **given.pop("headers", {})}
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        said = ""
        for turn in range(tries):
            if turn:
                self._told.retries += 1
                await self._back_off(turn)
            began = time.monotonic()
            try:
                answer = await self._client.request(method, path, headers=headers, timeout=self.kind.timeout_s, **given)
            except httpx.TimeoutException:
                said = "timeout"
            except httpx.TransportError:
                said = "unreachable"
            else:
                said = str(answer.status_code)
                self._told.request(f"{method} {route}", said, time.monotonic() - began)
                if answer.is_success:
                    return _json(answer, f"{method} {route}")
                if answer.status_code not in _AGAIN:
                    break
                continue
            self._told.request(f"{method} {route}", said, time.monotonic() - began)
        raise GivenUpError(f"{method} {route}: {said}")

    async def _back_off(self, turn: int) -> None:
        """Wait longer each time, spread so that not all come back at once."""
        longest = min(_FIRST_S * 2 ** (turn - 1), _LONGEST_S)
        await asyncio.sleep(self._rng.uniform(longest / 2, longest) * self._pace)


def _json(answer: httpx.Response, route: str) -> Any:
    """Return what a page says; an answer that cannot be read is as bad as none."""
    try:
        return answer.json() if answer.content else {}
    except ValueError:
        raise GivenUpError(f"{route}: {answer.status_code} without JSON") from None
