"""From a cart to an order: prices, shipping, tax, payment, and the news of it."""

from __future__ import annotations

import datetime as dt
import itertools
import logging
import uuid
from typing import Any

import grpc
from flask import request
from opentelemetry import trace
from sqlalchemy import insert, select, update

from shop import database, faults, messaging, runtime
from shop.breaks import storm
from shop.messages import payments_pb2

CHARGE_WITHIN_S = 10.0
IMPATIENT_S = 0.25
VOUCHER_FROM_CENTS = 10_000
VOUCHER_UNTIL = "2099-12-31"
GRAMS = 700
"""What a piece weighs, whatever it is."""
_DECLINED = grpc.StatusCode.FAILED_PRECONDITION

app = runtime.application("checkout")
engine = database.connect()
http = runtime.client()
broker = messaging.connect()
log = logging.getLogger("checkout")
tracer = trace.get_tracer("shop.checkout")


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
    total -= _voucher(total)
    trace.get_current_span().set_attribute("shop.order.total_cents", total)
    if faults.on("pii-attributes"):
        told = {"customer.email": customer["email"], "card.number": customer["card"].replace("-", "")}
        trace.get_current_span().set_attributes(told)
    with engine.begin() as connection:
        row = {"id": made, "customer": customer["id"], "total_cents": total, "state": "new"}
        connection.execute(insert(database.orders).values(**row, created_ms=database.now_ms()))
        connection.execute(insert(database.order_lines), [{"ordered": made, **line} for line in lines])
    try:
        charge = _charged(
            payments_pb2.ChargeRequest(order=made, customer=customer["id"], card=customer["card"], amount_cents=total)
        )
    except grpc.RpcError as error:
        _settle(made, "failed")
        log.warning("order %s could not be charged: %s", made, error.details())
        status = 402 if error.code() is _DECLINED else 502
        return {"error": error.details(), "order": made}, 200 if faults.on("wrong-status") else status
    _settle(made, "paid")
    messaging.send(
        broker,
        "order.placed",
        {"order": made, "customer": customer["id"], "email": _recipient(customer), "total_cents": total},
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


def _charged(asked: payments_pb2.ChargeRequest) -> payments_pb2.ChargeReply:
    """Charge, with as much patience as there is; the fault asks again at once where it is refused for load."""
    within = IMPATIENT_S if faults.on("timeout-cascade") else CHARGE_WITHIN_S
    tries = storm.TRIES if faults.on("retry-storm") else 1
    for turn in range(1, tries + 1):
        trace.get_current_span().set_attribute("shop.charge.tries", turn)
        try:
            reply: payments_pb2.ChargeReply = next(payments)(asked, timeout=within)
        except grpc.RpcError as error:
            if error.code() is not grpc.StatusCode.RESOURCE_EXHAUSTED or turn == tries:
                raise
        else:
            return reply
    raise AssertionError


def _voucher(total: int) -> int:
    """Return what the voucher of the season takes off; the fault reads its last day in a form that it does not have."""
    form = "%d.%m.%Y" if faults.on("swallowed-error") else "%Y-%m-%d"
    try:
        with tracer.start_as_current_span("apply voucher"):
            last = dt.datetime.strptime(VOUCHER_UNTIL, form).replace(tzinfo=dt.UTC)
            holds = total >= VOUCHER_FROM_CENTS and dt.datetime.now(dt.UTC) < last
            return total // 20 if holds else 0
    except ValueError:
        return 0


def _recipient(customer: dict[str, Any]) -> str:
    return "" if faults.on("poison-message") else str(customer["email"])


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
