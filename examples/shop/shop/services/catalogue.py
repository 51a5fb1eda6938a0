"""What there is to buy: the database with a cache in front."""

from __future__ import annotations

import threading
from typing import Any

from flask import request
from opentelemetry import baggage, trace
from sqlalchemy import Select, func, or_, select

from shop import database, faults, runtime
from shop.breaks.doubled import doubled
from shop.cache import SharedCache

FRESH_S = 20.0
HERD_FRESH_S = 0.3
LISTED = 20
_SAMPLE = 40
"""Charges that are compared with all others: a quarter of a second of work."""

app = runtime.application("catalogue")
engine = database.connect()
cache = SharedCache("products")
rebuilding = threading.Lock()


@app.before_request
def mark() -> None:
    """Name an attribute after whoever looks: the fault that makes keys without end."""
    if faults.on("high-cardinality"):
        span = trace.get_current_span()
        span.set_attribute(f"seen.{span.get_span_context().span_id:016x}", 1)


@app.get("/products")
def search() -> Any:
    """List products whose name or description has all of the text."""
    text = request.args.get("q", "").lower()
    use_cache = _cached()
    if faults.on("n-plus-one"):
        return _one_by_one(text)
    herd = faults.on("thundering-herd")
    key = _key("popular" if herd else "search", text)
    if use_cache and (known := cache.get(key)) is not None:
        return known
    if not use_cache:
        return _found(text)
    if herd:
        return _kept(key, _popular(text), HERD_FRESH_S)
    with rebuilding:  # one asks the database, the others find its answer
        return cache.get(key) or _kept(key, _found(text), FRESH_S)


@app.get("/products/<product>")
def one(product: str) -> Any:
    """Answer one product with its stock."""
    use_cache, key = _cached(), _key("product", product)
    if use_cache and (known := cache.get(key)) is not None:
        return known
    with engine.connect() as connection:
        row = connection.execute(select(database.products).where(database.products.c.id == product)).mappings().first()
        if row is None:
            return {"error": "no such product"}, 404
        pieces = connection.scalar(select(database.stock.c.pieces).where(database.stock.c.product == product))
    found = {**row, "pieces": pieces}
    return _kept(key, found, FRESH_S) if use_cache else found


def _cached() -> bool:
    """Return whether this request may use the cache; the gateway has drawn it."""
    variant = str(baggage.get_baggage("shop.variant") or "cache")
    trace.get_current_span().set_attribute("shop.variant", variant)
    return variant != "no-cache"


def _key(kind: str, what: str) -> str:
    """Return the key of an answer; the fault is one that no other request has."""
    if faults.on("cache-key-mistake"):
        return f"{kind}:{trace.get_current_span().get_span_context().span_id:016x}:{what}"
    return f"{kind}:{what}"


def _kept(key: str, answer: dict[str, Any], for_s: float) -> dict[str, Any]:
    cache.set(key, answer, for_s=for_s)
    return answer


def _found(text: str) -> dict[str, Any]:
    """Return the cheapest products with a text."""
    with engine.connect() as connection:
        return {"products": [dict(row) for row in connection.execute(_matching(text)).mappings()]}


def _one_by_one(text: str) -> dict[str, Any]:
    """Return the same with a query for the ids, and one for each of them."""
    with engine.connect() as connection:
        ids = [row.id for row in connection.execute(_matching(text))]
        each = (select(database.products).where(database.products.c.id == one) for one in ids)
        return {"products": [dict(connection.execute(query).mappings().one()) for query in each]}


def _popular(text: str) -> dict[str, Any]:
    """Return the products with a text beside what the whole ledger says of the day: an answer that costs."""
    with trace.get_tracer("shop.catalogue").start_as_current_span("rebuild list"), engine.connect() as connection:
        near = database.ledger.alias("near")
        alike = near.c.amount_cents % 997 == database.ledger.c.amount_cents % 997
        connection.scalar(
            select(func.count()).select_from(database.ledger.join(near, alike)).where(database.ledger.c.id < _SAMPLE)
        )
        return {"products": [dict(row) for row in connection.execute(_matching(text)).mappings()]}


def _matching(text: str) -> Select[Any]:
    wanted, goods = f"%{text}%", database.products.c
    matching = select(database.products).where(or_(goods.name.ilike(wanted), goods.description.ilike(wanted)))
    return matching.order_by(goods.price_cents).limit(LISTED)


if __name__ == "__main__":
    app.wsgi_app = doubled(app.wsgi_app)  # type: ignore[method-assign, assignment] # as Flask's documentation has it
    runtime.serve(app)
