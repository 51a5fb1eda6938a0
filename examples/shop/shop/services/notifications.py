"""Tells customers of their orders: a worker on the queue that sends mail."""

from __future__ import annotations

import time

from opentelemetry import trace
from opentelemetry.trace import SpanKind
from sqlalchemy import insert, select

from shop import database, faults, messaging, runtime
from shop.breaks import report
from shop.queue import Message

THROTTLED_S = 1.5
"""How long a relay lets a sender wait that it has slowed down."""

engine = database.connect()
broker = messaging.connect()
log = runtime.begin()
tracer = trace.get_tracer("shop.notifications")


class NoRecipientError(ValueError):
    """A message about an order does not say to whom."""


def notify(message: Message) -> None:
    """Write to a customer about one order."""
    order = message.body["order"]
    if not message.body["email"]:
        raise NoRecipientError(f"order {order} has no recipient")
    with engine.connect() as connection:
        rows = connection.execute(
            select(database.products.c.name)
            .join(database.order_lines, database.order_lines.c.product == database.products.c.id)
            .where(database.order_lines.c.ordered == order)
        )
        goods = ", ".join(row.name for row in rows)
    with tracer.start_as_current_span(
        "send mail", kind=SpanKind.CLIENT, attributes={"peer.service": "mail-relay", "shop.order.id": order}
    ):
        if faults.on("queue-lag"):
            time.sleep(THROTTLED_S)
        with engine.begin() as connection:
            mail = {"ordered": order, "recipient": message.body["email"], "subject": f"Your order: {goods}"[:128]}
            connection.execute(insert(database.mails).values(**mail, created_ms=database.now_ms()))
    log.info("mail about order %s", order)


if __name__ == "__main__":
    report.write_forever(engine)
    messaging.consume(broker, "order.placed", "notifications", notify)
