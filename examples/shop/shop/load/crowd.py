"""Everybody: people arrive in a daily wave, or as many as are asked for, and never more at once than fit."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from random import Random

import httpx

from shop.load.device import BOT, BROWSER, MOBILE, Device, GivenUpError, Kind
from shop.load.person import JOURNEYS, Person
from shop.load.statistics import Statistics
from shop.load.wave import busiest, wave

_MOBILE_SHARE = 0.45
_LONGEST_ARRIVAL_S = 5.0
_CONNECTIONS = 100


class Crowd:
    """Visits one shop; the same seed makes the same people, whatever the order in which they get on."""

    def __init__(self, gateway: str, *, seed: int = 5, pace: float = 1.0, most: int = 200) -> None:
        """Prepare a crowd.

        Args:
            gateway: address of the shop.
            seed: who comes, with which device, and what they do.
            pace: factor on the time that people think; 0 for none.
            most: people inside at once; whoever comes beyond is turned away and counted.
        """
        self.told = Statistics()
        self._gateway = gateway
        self._seed = seed
        self._pace = pace
        self._most = most
        self._number = 0

    async def run(self, rate: float, *, day_s: float = 1200.0, seconds: float | None = None) -> None:
        """Let people in as the day goes, until cancelled or for some time; whoever is inside then may finish.

        Args:
            rate: visits per second on the average of a day.
            day_s: how long a day lasts; it begins at eight in the morning.
            seconds: how long people arrive; None is for ever.
        """
        rng = Random(self._seed)  # noqa: S311 - reproducible arrivals, no secret
        began = time.monotonic()
        async with self._client() as client, asyncio.TaskGroup() as inside:
            while seconds is None or time.monotonic() - began < seconds:
                gap = rng.expovariate(rate * busiest()) if rate else _LONGEST_ARRIVAL_S
                await asyncio.sleep(min(gap, _LONGEST_ARRIVAL_S))
                phase = 8 / 24 + (time.monotonic() - began) / day_s
                if rate and rng.random() * busiest() < wave(phase):
                    self._arrive(client, inside)

    async def walk(self, visits: int, *, journeys: Sequence[str] = (), at_once: int = 4) -> None:
        """Make a number of visits, a few at once, and return when all of them have ended.

        Args:
            visits: how many.
            journeys: taken in turn; by their shares without.
            at_once: people inside at a time.
        """
        room = asyncio.Semaphore(at_once)

        async def visit(number: int, journey: str) -> None:
            async with room:
                await self._visit(client, number, journey)

        async with self._client() as client, asyncio.TaskGroup() as inside:
            for turn in range(visits):
                self.told.arrived += 1
                self._number += 1
                inside.create_task(visit(self._number, journeys[turn % len(journeys)] if journeys else ""))

    def _client(self) -> httpx.AsyncClient:
        limits = httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS)
        return httpx.AsyncClient(base_url=self._gateway, limits=limits, trust_env=False)

    def _arrive(self, client: httpx.AsyncClient, inside: asyncio.TaskGroup) -> None:
        self.told.arrived += 1
        if self.told.inside >= self._most:
            self.told.turned_away += 1
            return
        self._number += 1
        self.told.enter()  # before the task runs: many may arrive before it does
        inside.create_task(self._visit(client, self._number, "", entered=True))

    async def _visit(self, client: httpx.AsyncClient, number: int, journey: str, *, entered: bool = False) -> None:
        rng = Random(f"{self._seed}/{number}")  # noqa: S311 - see run
        journey = journey or _chosen(rng)
        device = Device(_device(rng, journey), client, self.told, rng, pace=self._pace)
        if not entered:
            self.told.enter()
        try:
            await JOURNEYS[journey][0](Person(number, device, self.told, rng))
        except GivenUpError:
            self.told.given_up[journey] += 1
        finally:
            self.told.inside -= 1
        self.told.visits[journey] += 1


def _chosen(rng: Random) -> str:
    names = list(JOURNEYS)
    return rng.choices(names, [JOURNEYS[name][1] for name in names])[0]


def _device(rng: Random, journey: str) -> Kind:
    if journey == "crawl":
        return BOT
    return MOBILE if rng.random() < _MOBILE_SHARE else BROWSER
