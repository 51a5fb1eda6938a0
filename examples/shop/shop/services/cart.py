"""What people mean to buy."""

from __future__ import annotations

import threading
from typing import Any

from flask import request
from sqlalchemy import delete, insert, select

from shop import database, faults, runtime
from shop.database import carts

app = runtime.application("cart")
engine = database.connect()
HELD_S = 4.0


@app.before_request
def hold() -> None:
    """Keep a connection of the pool for seconds after it was needed, where the fault strikes: the pool runs dry."""
    if faults.on("pool-exhaustion"):
        giving_back = threading.Timer(HELD_S, engine.connect().close)
        giving_back.daemon = True
        giving_back.start()


@app.get("/carts/<user>")
def read(user: str) -> Any:
    """List the lines of a cart."""
    with engine.connect() as connection:
        rows = connection.execute(select(carts.c.product, carts.c.quantity).where(carts.c.owner == user)).mappings()
        return {"lines": [dict(row) for row in rows]}


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


if __name__ == "__main__":
    runtime.serve(app)
