"""Shared resource: a report on the customers, written in one transaction that holds the database all the while."""

from __future__ import annotations

import threading
import time

from opentelemetry import trace
from sqlalchemy import Engine, delete, func, insert, select, text

from shop import faults
from shop.database import USERS, ledger, reports

HOLDS_S = 0.5
_PAUSE_S = 0.3

_tracer = trace.get_tracer("shop.report")


def write_forever(engine: Engine) -> None:
    """Write the report again and again while the fault is on, from a thread of its own."""
    threading.Thread(target=_forever, args=(engine,), name="report", daemon=True).start()


def _forever(engine: Engine) -> None:
    while True:
        if faults.on("shared-resource"):
            with _tracer.start_as_current_span("write sales report"):
                write(engine)
        time.sleep(_PAUSE_S)


def write(engine: Engine) -> None:
    """Write the report: one line a customer, as many as can be done while the transaction may last."""
    end = time.monotonic() + HOLDS_S
    with engine.begin() as connection:
        if engine.dialect.name != "sqlite":  # there the first write locks the whole file
            connection.execute(text("LOCK TABLE carts, orders, charges IN EXCLUSIVE MODE"))
        connection.execute(delete(reports))
        for number in range(1, USERS + 1):
            if time.monotonic() > end:
                break
            customer = f"u{number}"
            spent = select(func.coalesce(func.sum(ledger.c.amount_cents), 0)).where(ledger.c.customer == customer)
            connection.execute(insert(reports).values(customer=customer, spent_cents=connection.scalar(spent)))
        time.sleep(max(0.0, end - time.monotonic()))  # the last page is rendered while the transaction is open
