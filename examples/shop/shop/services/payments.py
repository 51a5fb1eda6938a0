"""Charges cards over gRPC: looks at what happened around the customer's charges, asks the bank, writes it down."""

from __future__ import annotations

import json
import logging
import uuid
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import grpc
from opentelemetry import trace
from requests import RequestException
from sqlalchemy import func, insert, select

from shop import database, faults, runtime
from shop.breaks.storm import Limiter
from shop.database import charges, ledger
from shop.messages import payments_pb2

WITH_RECEIPT = "1.1.0"
"""The release that began to send receipts, with the fee."""
FEE = Decimal("0.0125")
WINDOW_MS = 300_000
_PAYMENT_REQUIRED = 402
NOBODY = "127.0.0.1:9"
"""An address that refuses connections."""

engine = database.connect()
http = runtime.client(detour=lambda _bank: NOBODY if _cut_off() else "")
limiter = Limiter()
log = logging.getLogger("payments")


class DeclinedError(Exception):
    """The bank says no."""


def charge(asked: payments_pb2.ChargeRequest, context: grpc.ServicerContext) -> payments_pb2.ChargeReply:
    """Charge a card for an order."""
    span = trace.get_current_span()
    span.set_attributes({"shop.order.id": asked.order, "shop.order.total_cents": asked.amount_cents})
    if faults.on("retry-storm") and limiter.refuses():
        context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "too many charges at once")
    try:
        return _charge(asked)
    except DeclinedError as error:
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
    except RequestException as error:
        span.record_exception(error)
        log.exception("the bank cannot be asked")
        context.abort(grpc.StatusCode.UNAVAILABLE, "the bank cannot be asked")
    except Exception as error:
        span.record_exception(error)
        log.exception("order %s could not be charged", asked.order)
        context.abort(grpc.StatusCode.INTERNAL, f"{type(error).__name__}: {error}")
    raise AssertionError  # abort has raised


def _charge(asked: payments_pb2.ChargeRequest) -> payments_pb2.ChargeReply:
    risk = _neighbours(asked.customer)
    trace.get_current_span().set_attribute("shop.charge.neighbours", risk)
    order: dict[str, Any] = {"card": asked.card, "cents": asked.amount_cents, "risk": risk}
    told = http.post("http://legacy-bank/authorise", json=order)
    if told.status_code == _PAYMENT_REQUIRED:
        raise DeclinedError(told.json()["error"])
    told.raise_for_status()
    made, authorisation = uuid.uuid4().hex, str(told.json()["authorisation"])
    now = database.now_ms()
    with engine.begin() as connection:
        row = {"id": made, "ordered": asked.order, "amount_cents": asked.amount_cents, "authorisation": authorisation}
        connection.execute(insert(charges).values(**row, created_ms=now))
        seen = {"customer": asked.customer, "amount_cents": asked.amount_cents, "created_ms": now}
        connection.execute(insert(ledger).values(seen))
    reply = payments_pb2.ChargeReply(charge=made, authorisation=authorisation)
    if runtime.environ("VERSION") == WITH_RECEIPT:
        reply.receipt = _receipt(made, asked.amount_cents)
    return reply


def _receipt(made: str, amount_cents: int) -> str:
    """Return the receipt as JSON, which has no way to write a fee that is not whole: the bug of this release."""
    fee = amount_cents * FEE
    return json.dumps({"charge": made, "amount": amount_cents, "fee": int(fee) if fee == int(fee) else fee})


def _cut_off() -> bool:
    """Return whether the bank cannot be reached from this region."""
    return runtime.environ("REGION") == "eu-2" and faults.on("partial-region")


def _neighbours(customer: str) -> int:
    """Count the most charges of anybody around one of this customer's: many are the sign of a stolen list of cards."""
    mine, near = ledger.alias("mine"), ledger.alias("near")
    around: Any = near.c.created_ms.between(mine.c.created_ms - WINDOW_MS, mine.c.created_ms + WINDOW_MS)
    if faults.on("slow-query"):  # no index has a distance: every row is looked at, for each of the customer's
        around = func.abs(near.c.created_ms - mine.c.created_ms) <= WINDOW_MS
    query = (
        select(func.count())
        .select_from(mine.join(near, around))
        .where(mine.c.customer == customer)
        .group_by(mine.c.id)
        .order_by(func.count().desc())
        .limit(1)
    )
    with engine.connect() as connection:
        return int(connection.scalar(query) or 0)


def main() -> None:
    """Serve until told to end."""
    runtime.begin()
    server = grpc.server(ThreadPoolExecutor(runtime.THREADS))
    handler = grpc.unary_unary_rpc_method_handler(
        charge,
        request_deserializer=payments_pb2.ChargeRequest.FromString,
        response_serializer=payments_pb2.ChargeReply.SerializeToString,
    )
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("shop.Payments", {"Charge": handler}),))
    server.add_insecure_port(f"127.0.0.1:{runtime.environ('PORT')}")
    server.start()
    try:
        server.wait_for_termination()
    finally:
        server.stop(1).wait()


if __name__ == "__main__":
    main()
