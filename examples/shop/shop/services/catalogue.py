"""What there is to buy: the database with a cache in front."""

from __future__ import annotations

from typing import Any

from flask import request
from opentelemetry import baggage, trace
from sqlalchemy import or_, select

from shop import database, runtime
from shop.cache import SharedCache

FRESH_S = 20.0

app = runtime.application("catalogue")
engine = database.connect()
cache = SharedCache("products")


def cached() -> bool:
    """Return whether this request may use the cache; the gateway has drawn it."""
    variant = str(baggage.get_baggage("shop.variant") or "cache")
    trace.get_current_span().set_attribute("shop.variant", variant)
    return variant != "no-cache"


@app.get("/products")
def search() -> Any:
    """List products whose name or description has all of the text."""
    text = request.args.get("q", "").lower()
    use_cache, key = cached(), f"search:{text}"
    if use_cache and (known := cache.get(key)) is not None:
        return known
    wanted = f"%{text}%"
    goods = database.products.c
    with engine.connect() as connection:
        rows = connection.execute(
            select(database.products)
            .where(or_(goods.name.ilike(wanted), goods.description.ilike(wanted)))
            .order_by(goods.price_cents)
            .limit(20)
        ).mappings()
        found = {"products": [dict(row) for row in rows]}
    if use_cache:
        cache.set(key, found, for_s=FRESH_S)
    return found


@app.get("/products/<product>")
def one(product: str) -> Any:
    """Answer one product with its stock."""
    use_cache, key = cached(), f"product:{product}"
    if use_cache and (known := cache.get(key)) is not None:
        return known
    with engine.connect() as connection:
        row = connection.execute(select(database.products).where(database.products.c.id == product)).mappings().first()
        if row is None:
            return {"error": "no such product"}, 404
        pieces = connection.scalar(select(database.stock.c.pieces).where(database.stock.c.product == product))
    found = {**row, "pieces": pieces}
    if use_cache:
        cache.set(key, found, for_s=FRESH_S)
    return found


if __name__ == "__main__":
    runtime.serve(app)
