"""What people mean to buy."""

from __future__ import annotations

import itertools
import os
import signal
import threading
from typing import Any

from flask import request
from opentelemetry import trace
from sqlalchemy import delete, insert, select

from shop import database, faults, runtime
from shop.database import carts

app = runtime.application("cart")
engine = database.connect()
HELD_S = 4.0
served = itertools.count(1)
LIVES = 7
"""The request at which the fault strikes each process."""
RESELLER = "u1"


@app.before_request
def hold() -> None:
    """Keep a connection of the pool for seconds after it was needed, where the fault strikes: the pool runs dry."""
    if faults.on("pool-exhaustion"):
        giving_back = threading.Timer(HELD_S, engine.connect().close)
        giving_back.daemon = True
        giving_back.start()


@app.before_request
def fall() -> None:
    """Be killed in the middle of a request, as by the kernel when memory runs out after a while."""
    if faults.on("lost-spans") and next(served) == LIVES:
        os.kill(os.getpid(), signal.SIGKILL)


@app.get("/carts/<user>")
def read(user: str) -> Any:
    """List the lines of a cart."""
    with engine.connect() as connection:
        rows = connection.execute(select(carts.c.product, carts.c.quantity).where(carts.c.owner == user)).mappings()
        lines = [dict(row) for row in rows]
    if user == RESELLER and faults.on("hot-user"):
        lines = _everything()
    trace.get_current_span().set_attributes({"enduser.id": user, "shop.cart.lines": len(lines)})
    return {"lines": lines}


@app.put("/carts/<user>")
def write(user: str) -> Any:
    """Replace the lines of a cart; none empties it."""
    lines = request.get_json()["lines"]
    with engine.begin() as connection:
        connection.execute(delete(carts).where(carts.c.owner == user))
        for line in lines:
            row = {"owner": user, "product": line["product"], "quantity": int(line["quantity"])}
            connection.execute(insert(carts).values(row))
    return {"lines": lines}


def _everything() -> list[dict[str, Any]]:
    """Return the cart of somebody who buys all that there is, position by position."""
    lines = []
    with engine.connect() as connection:
        for product in connection.scalars(select(database.products.c.id)).all():
            pieces = connection.scalar(select(database.stock.c.pieces).where(database.stock.c.product == product))
            lines.append({"product": product, "quantity": 1 if pieces else 0})
    return lines


if __name__ == "__main__":
    runtime.serve(app)
