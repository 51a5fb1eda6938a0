"""The tables of the shop, the engine with its pool, and what is in them at first (`python -m shop.database`)."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

from sqlalchemy import (
    BigInteger,
    Column,
    Engine,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    func,
    insert,
    select,
)

from shop.runtime import environ

POOL = 5
POOL_WAIT_S = 3.0
USERS = 400
COUNTRIES = ("AT", "CH", "DE", "ES", "FR", "GB", "IT", "NL", "PL", "US")
LEDGER_ROWS = 40_000
SIGN_INS_PER_CHARGE = 6
_BUSY_S = 5.0

metadata = MetaData()
users = Table(
    "users",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("email", String(64), nullable=False),
    Column("card", String(32), nullable=False),
    Column("country", String(2), nullable=False),
)
products = Table(
    "products",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("description", String(256), nullable=False),
    Column("price_cents", Integer, nullable=False),
)
stock = Table(
    "stock",
    metadata,
    Column("product", String(16), primary_key=True),
    Column("pieces", Integer, nullable=False),
)
carts = Table(
    "carts",
    metadata,
    Column("owner", String(16), primary_key=True),
    Column("product", String(16), primary_key=True),
    Column("quantity", Integer, nullable=False),
)
orders = Table(
    "orders",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("customer", String(16), nullable=False, index=True),
    Column("total_cents", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
)
order_lines = Table(
    "order_lines",
    metadata,
    Column("ordered", String(32), primary_key=True),
    Column("product", String(16), primary_key=True),
    Column("quantity", Integer, nullable=False),
    Column("price_cents", Integer, nullable=False),
)
charges = Table(
    "charges",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("ordered", String(32), nullable=False, index=True),
    Column("amount_cents", BigInteger, nullable=False),
    Column("authorisation", String(32), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
)
ledger = Table(
    "ledger",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("customer", String(16), nullable=False),
    Column("amount_cents", BigInteger, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Index("ledger_of_customer", "customer"),
    Index("ledger_by_time", "created_ms"),
)
"""Every charge of the last months: what payments look at to see whether one is unusual."""
sign_ins = Table(
    "sign_ins",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("customer", String(16), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Index("sign_ins_of_customer", "customer", "at_ms"),
)
"""Who has come in when; nobody ever deletes from it."""
reports = Table(
    "reports",
    metadata,
    Column("customer", String(16), primary_key=True),
    Column("spent_cents", BigInteger, nullable=False),
)
mails = Table(
    "mails",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("ordered", String(32), nullable=False),
    Column("recipient", String(64), nullable=False),
    Column("subject", String(128), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
)

_GOODS = (
    ("Kettle", 3900),
    ("Teapot", 2900),
    ("Cup", 900),
    ("Grinder", 18900),
    ("Scale", 4900),
    ("Espresso machine", 129000),
    ("Filter", 700),
    ("Beans", 1800),
    ("Green tea", 1200),
    ("Tray", 2400),
)
_MAKES = ("Aalto", "Birk", "Corvo", "Dune", "Ember", "Fjord")


def connect() -> Engine:
    """Return this process' engine; its pool has five connections and makes callers wait three seconds for one."""
    url = environ("DATABASE")
    lite = url.startswith("sqlite")
    engine = create_engine(
        url,
        pool_size=POOL,
        max_overflow=0,
        pool_timeout=POOL_WAIT_S,
        connect_args={"timeout": _BUSY_S} if lite else {},
    )
    if lite:
        event.listen(engine, "connect", _set_up_sqlite)
    return engine


def _set_up_sqlite(connection: object, _record: object) -> None:
    cursor = connection.cursor()  # type: ignore[attr-defined] # whatever the driver gives
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.close()


def now_ms() -> int:
    """Return the time as the tables have it."""
    return time.time_ns() // 1_000_000


def fill(engine: Engine, seed: int = 1) -> None:
    """Make the tables and what is in them; leaves a filled database as it is."""
    metadata.create_all(engine)
    with engine.begin() as connection:
        if connection.scalar(select(func.count()).select_from(users)):
            return
        draw = random.Random(seed)  # noqa: S311 - not for secrets
        goods = list(_goods())
        connection.execute(insert(users), [_user(number) for number in range(1, USERS + 1)])
        connection.execute(insert(products), goods)
        connection.execute(insert(stock), [{"product": one["id"], "pieces": 100_000} for one in goods])
        start = now_ms() - 90 * 86_400_000
        rows = sorted(start + draw.randrange(90 * 86_400_000) for _ in range(LEDGER_ROWS))
        connection.execute(
            insert(ledger),
            [
                {"customer": f"u{draw.randint(1, USERS)}", "amount_cents": draw.randint(500, 40_000), "created_ms": at}
                for at in rows
            ],
        )
        past = select(ledger.c.customer, ledger.c.created_ms)
        for _ in range(SIGN_INS_PER_CHARGE):
            connection.execute(insert(sign_ins).from_select(["customer", "at_ms"], past))


def _user(number: int) -> dict[str, str]:
    return {
        "id": f"u{number}",
        "name": f"Customer {number}",
        "email": f"customer{number}@example.org",
        "card": f"4000-0000-0000-{number:04d}",
        "country": COUNTRIES[number % len(COUNTRIES)],
    }


def _goods() -> Iterator[dict[str, object]]:
    number = 0
    for make in _MAKES:
        for what, price in _GOODS:
            number += 1
            yield {
                "id": f"p{number}",
                "name": f"{make} {what.lower()}",
                "description": f"{what} by {make}, made to last.",
                "price_cents": price + 100 * number,
            }


if __name__ == "__main__":
    fill(connect())
