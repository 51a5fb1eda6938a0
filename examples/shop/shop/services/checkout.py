"""From a cart to an order: prices, shipping, tax, payment, and the news of it."""

from __future__ import annotations

import itertools
import logging
import uuid
from typing import Any

import grpc
from flask import request
from opentelemetry import trace
from sqlalchemy import insert, select, update

from shop import database, messaging, runtime
from shop.messages import payments_pb2

CHARGE_WITHIN_S = 10.0
GRAMS = 700
"""What a piece weighs, whatever it is."""
_DECLINED = grpc.StatusCode.FAILED_PRECONDITION

app = runtime.application("checkout")
engine = database.connect()
http = runtime.client()
broker = messaging.connect()
log = logging.getLogger("checkout")


def _charge(address: str) -> Any:
    channel = grpc.insecure_channel(address, options=[("grpc.max_reconnect_backoff_ms", 1000)])
    return channel.unary_unary(
        "/shop.Payments/Charge",
        request_serializer=payments_pb2.ChargeRequest.SerializeToString,
        response_deserializer=payments_pb2.ChargeReply.FromString,
    )


payments = itertools.cycle([_charge(address) for address in runtime.addresses("payments")])
"""Instances of payments, in turns: the regions share the load."""


@app.post("/orders")
def order() -> Any:
    """Turn the customer's cart into an order."""
    customer = request.get_json()
    made = uuid.uuid4().hex
    trace.get_current_span().set_attributes({"shop.order.id": made, "enduser.id": customer["id"]})
    lines = _priced(customer["id"])
    if not lines:
        return {"error": "the cart is empty"}, 409
    total = sum(line["price_cents"] * line["quantity"] for line in lines) + _extras(customer["country"], lines)
    trace.get_current_span().set_attribute("shop.order.total_cents", total)
    with engine.begin() as connection:
        row = {"id": made, "customer": customer["id"], "total_cents": total, "state": "new"}
        connection.execute(insert(database.orders).values(**row, created_ms=database.now_ms()))
        connection.execute(insert(database.order_lines), [{"ordered": made, **line} for line in lines])
    try:
        charge = next(payments)(
            payments_pb2.ChargeRequest(order=made, customer=customer["id"], card=customer["card"], amount_cents=total),
            timeout=CHARGE_WITHIN_S,
        )
    except grpc.RpcError as error:
        _settle(made, "failed")
        log.warning("order %s could not be charged: %s", made, error.details())
        return {"error": error.details(), "order": made}, 402 if error.code() is _DECLINED else 502
    _settle(made, "paid")
    messaging.send(
        broker,
        "order.placed",
        {"order": made, "customer": customer["id"], "email": customer["email"], "total_cents": total},
    )
    http.put(f"http://cart/carts/{customer['id']}", json={"lines": []}).raise_for_status()
    log.info("order %s of %s: %d cents", made, customer["id"], total)
    return {"order": made, "total_cents": total, "authorisation": charge.authorisation}, 201


@app.get("/orders/<made>")
def state(made: str) -> Any:
    """Answer what became of an order."""
    with engine.connect() as connection:
        row = connection.execute(select(database.orders).where(database.orders.c.id == made)).mappings().first()
    return dict(row) if row else ({"error": "no such order"}, 404)


def _priced(user: str) -> list[dict[str, Any]]:
    """Return the lines of a cart with today's prices."""
    cart = http.get(f"http://cart/carts/{user}")
    cart.raise_for_status()
    lines = []
    for line in cart.json()["lines"]:
        product = http.get(f"http://catalogue/products/{line['product']}")
        product.raise_for_status()
        lines.append({**line, "price_cents": product.json()["price_cents"]})
    return lines


def _extras(country: str, lines: list[dict[str, Any]]) -> int:
    """Return what shipping and tax add in cents; each only where the shop has that service."""
    grams = sum(GRAMS * line["quantity"] for line in lines)
    net = sum(line["price_cents"] * line["quantity"] for line in lines)
    total = 0
    for service, path, asked in (("shipping", "quote", {"grams": grams}), ("tax", "tax", {"cents": net})):
        if runtime.addresses(service):
            answer = http.get(f"http://{service}/{path}", params={"country": country, **asked})
            answer.raise_for_status()
            total += int(answer.json()["cents"])
    return total


def _settle(made: str, state: str) -> None:
    with engine.begin() as connection:
        connection.execute(update(database.orders).where(database.orders.c.id == made).values(state=state))


if __name__ == "__main__":
    runtime.serve(app)
