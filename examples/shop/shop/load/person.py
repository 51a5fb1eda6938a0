"""What people do in the shop, from coming in to leaving."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

from shop.load.device import Device, GivenUpError
from shop.load.statistics import Statistics

WORDS = (
    "kettle",
    "teapot",
    "cup",
    "grinder",
    "scale",
    "filter",
    "beans",
    "green tea",
    "tray",
    "aalto",
    "corvo",
    "fjord",
)
USERS = 400
RESELLER = "u1"
_LOOK_S = 1.5
_READ_S = 3.0
_FORM_S = 5.0
_LATER_S = 20.0

Journey = Callable[["Person"], Awaitable[None]]


class Person:
    """Somebody with a device; everything that is chosen follows from `rng`."""

    def __init__(self, number: int, device: Device, told: Statistics, rng: Random) -> None:
        self.device = device
        self.user = f"u{rng.randint(2, USERS)}"
        self._number = number
        self._told = told
        self._rng = rng
        self._orders = 0

    async def look_around(self) -> list[str]:
        """See the list and a few products; returns the ids of what was seen."""
        found = _ids(await self.device.get("/api/products"))
        if not found:
            raise GivenUpError("GET /api/products: nothing to buy")
        seen = self._rng.sample(found, min(len(found), self._rng.randint(1, 3)))
        for product in seen:
            await self.device.pause(_LOOK_S)
            await self.device.get("/api/products/ID", f"/api/products/{product}")
        return seen

    async def search(self, word: str = "") -> list[str]:
        """Search for a word or two and open the first hit; returns what was found."""
        found: list[str] = []
        for _ in range(1 if word else self._rng.randint(1, 2)):
            found = _ids(await self.device.get("/api/products", q=word or self._rng.choice(WORDS))) or found
            await self.device.pause(_LOOK_S)
        if found:
            await self.device.get("/api/products/ID", f"/api/products/{found[0]}")
        return found

    async def sign_in(self) -> None:
        """Begin a session."""
        answer = await self.device.send("POST", "/api/login", {"user": self.user})
        if not answer.get("token"):
            raise GivenUpError("POST /api/login: no token")
        self.device.token = str(answer["token"])

    async def fill_cart(self, products: list[str], quantity: int = 0) -> None:
        """Put some of what was seen into the cart, and look at it."""
        lines = [{"product": one, "quantity": quantity or self._rng.randint(1, 3)} for one in products]
        await self.device.send("PUT", "/api/cart", {"lines": lines})
        await self.device.pause(_READ_S)
        await self.device.get("/api/cart")

    async def order(self) -> None:
        """Buy what is in the cart."""
        await self.device.pause(_FORM_S)
        self._orders += 1
        key = f"{self._number}-{self._orders}-{self._rng.getrandbits(32):08x}"
        answer = await self.device.send("POST", "/api/orders", {}, key=key)
        if "error" in answer:  # the device has its answer; the person sees that nothing was bought
            raise GivenUpError("POST /api/orders: refused")
        self._told.orders += 1


async def browse(one: Person) -> None:
    """Look around and leave."""
    await one.look_around()


async def search(one: Person) -> None:
    """Search and leave."""
    await one.search()


async def buy(one: Person) -> None:
    """Look around, sign in, fill the cart, order."""
    seen = await one.look_around()
    await one.sign_in()
    await one.fill_cart(seen)
    await one.order()


async def equip(one: Person) -> None:
    """Buy two espresso machines for the office: a large amount."""
    found = await one.search("espresso")
    await one.sign_in()
    await one.fill_cart(found[:1], quantity=2)
    await one.order()


async def restock(one: Person) -> None:
    """Sign in as the reseller, look at the cart, order what is in it."""
    one.user = RESELLER
    await one.sign_in()
    await one.fill_cart(["p1", "p2"], quantity=1)
    await one.order()


async def abandon(one: Person) -> None:
    """Fill the cart and think better of it."""
    seen = await one.search() or await one.look_around()
    await one.sign_in()
    await one.fill_cart(seen[:3])


async def come_back(one: Person) -> None:
    """Leave a full cart, come back later with the session still open, and order."""
    await abandon(one)
    await one.device.pause(_LATER_S)
    await one.device.get("/api/cart")
    await one.order()


async def crawl(one: Person) -> None:
    """Read every page of the list without a pause, as price robots do."""
    for product in _ids(await one.device.get("/api/products"))[:20]:
        await one.device.get("/api/products/ID", f"/api/products/{product}")


JOURNEYS: dict[str, tuple[Journey, float]] = {
    "browse": (browse, 0.40),
    "search": (search, 0.22),
    "buy": (buy, 0.15),
    "equip": (equip, 0.02),
    "restock": (restock, 0.01),
    "abandon": (abandon, 0.12),
    "return": (come_back, 0.06),
    "crawl": (crawl, 0.02),
}
"""Every journey with its share of the visits."""


def _ids(listed: Any) -> list[str]:
    return [str(one["id"]) for one in listed.get("products", ())]
