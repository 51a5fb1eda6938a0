"""The shop: what each of its services does."""

from __future__ import annotations

import sqlite3
import threading
import time
from random import Random
from typing import Any

from opentelemetry.trace import SpanKind

from clew.testing.demo.instrumented import Payload, Service, current_event

_PRODUCTS = ("lamp", "chair", "desk", "mug", "clock", "rug", "vase", "shelf")
_DECLINED_SHARE = 0.06
_SLOW_SHARE = 0.08


class PaymentDeclinedError(Exception):
    """The bank says no."""


class Shop:
    """Frontend, catalog, checkout and payment, wired to one another."""

    def __init__(self, endpoint: str, rng: Random) -> None:
        self._rng = rng
        self._lock = threading.Lock()
        self.frontend = Service("frontend", "3.2.0", endpoint)
        self.catalog = Service("catalog", "1.9.4", endpoint)
        self.checkout = Service("checkout", "2.0.1", endpoint)
        self.payment = Service("payment", "5.1.0", endpoint)
        self.services = (self.payment, self.checkout, self.catalog, self.frontend)
        self._db = sqlite3.connect(":memory:", check_same_thread=False)
        self._db.execute("CREATE TABLE products (name TEXT, price REAL)")
        self._db.executemany("INSERT INTO products VALUES (?, ?)", [(p, 5.0 * len(p)) for p in _PRODUCTS])
        self._db.execute("CREATE TABLE orders (product TEXT, price REAL)")
        self.frontend.route("/browse", self._browse)
        self.frontend.route("/buy", self._buy)
        self.catalog.route("/products", self._products)
        self.checkout.route("/order", self._order)
        self.payment.route("/charge", self._charge)

    def visit(self) -> None:
        """Walk through the shop once, as a browser does: the trace starts at the frontend."""
        product = self._rng.choice(_PRODUCTS)
        path = "/buy" if self._rng.random() < 0.5 else "/browse"  # noqa: PLR2004 - half of them buy
        payload = {"product": product, "user": f"user-{self._rng.randrange(200)}"}
        self.frontend._handle(path, {}, payload)  # noqa: SLF001 - the visitor has no tracer of its own

    def _browse(self, payload: Payload) -> Payload:
        found = self.frontend.call(self.catalog, "/products", payload)
        with self.frontend.tracer.start_as_current_span("render page") as span:
            span.set_attributes({"page.products": len(found["products"]), "user.id": payload["user"]})
            self._work(2.0)
        return {"shown": len(found["products"])}

    def _buy(self, payload: Payload) -> Payload:
        self.frontend.call(self.catalog, "/products", payload)
        return self.frontend.call(self.checkout, "/order", payload)

    def _products(self, _payload: Payload) -> Payload:
        rows = self._sql(self.catalog, "SELECT name, price FROM products")
        return {"products": [{"name": name, "price": price} for name, price in rows]}

    def _order(self, payload: Payload) -> Payload:
        product = payload["product"]
        rows = self._sql(self.checkout, "SELECT price FROM products WHERE name = ?", product)
        current_event("price found", {"product": product, "price": rows[0][0]})
        paid = self.checkout.call(self.payment, "/charge", {**payload, "amount": rows[0][0]})
        self._sql(self.checkout, "INSERT INTO orders VALUES (?, ?)", product, rows[0][0])
        return {"order": paid["receipt"]}

    def _charge(self, payload: Payload) -> Payload:
        with self.payment.tracer.start_as_current_span("authorize card") as span:
            span.set_attributes({"payment.amount": payload["amount"], "payment.currency": "EUR", "card.kind": "demo"})
            self._work(400.0 if self._rng.random() < _SLOW_SHARE else 8.0)
            if self._rng.random() < _DECLINED_SHARE:
                raise PaymentDeclinedError(f"card of {payload['user']} was declined")
        return {"receipt": f"r-{self._rng.randrange(10**6):06}"}

    def _sql(self, service: Service, statement: str, *values: str | float) -> list[tuple[Any, ...]]:
        operation = statement.split(" ", 1)[0]
        with service.tracer.start_as_current_span(f"{operation} shop", kind=SpanKind.CLIENT) as span:
            span.set_attributes(
                {
                    "db.system.name": "sqlite",
                    "db.namespace": "shop",
                    "db.operation.name": operation,
                    "db.query.text": statement,
                }
            )
            with self._lock:
                rows = self._db.execute(statement, values).fetchall()
            span.set_attribute("db.response.returned_rows", len(rows))
            return rows

    def _work(self, mean_ms: float) -> None:
        time.sleep(mean_ms * self._rng.lognormvariate(0, 0.4) / 1e3)
