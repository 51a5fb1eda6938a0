"""The way in: the page, and the API behind it."""

from __future__ import annotations

import logging
import random
import secrets
from typing import Any

from flask import Response, request
from opentelemetry import baggage, context, trace
from requests import RequestException

from shop import faults, runtime
from shop.breaks.slow_door import SlowDoor
from shop.page import pages

PROFILE_PARTS, PROFILE = 2, "likes-tea-and-old-lamps." * 110
"""What somebody thought every service should know of a customer: more than five kilobytes."""

app = runtime.application("gateway")
app.register_blueprint(pages)
door = SlowDoor(runtime.addresses("cart")[0], wait_s=0.3)
http = runtime.client(
    drops_context=lambda: faults.on("stripped-headers"),
    detour=lambda name: door.address() if name == "cart" and faults.on("connect-delay") else "",
)
log = logging.getLogger("gateway")


@app.before_request
def choose_variant() -> None:
    """Draw whether this request goes without the cache; baggage tells the services behind."""
    without = random.random() < float(faults.setting("cache", "without_share", 0.0))  # noqa: S311 - not for secrets
    variant = "no-cache" if without else "cache"
    trace.get_current_span().set_attribute("shop.variant", variant)
    carried = baggage.set_baggage("shop.variant", variant)
    if faults.on("giant-baggage"):
        for part in range(PROFILE_PARTS):
            carried = baggage.set_baggage(f"shop.profile.{part}", PROFILE, carried)
    request.environ["shop.token"] = context.attach(carried)


@app.teardown_request
def leave_variant(_error: BaseException | None) -> None:
    """Take the baggage back."""
    token = request.environ.pop("shop.token", None)
    if token is not None:
        context.detach(token)


@app.errorhandler(RequestException)
def unreachable(error: Exception) -> Any:
    """Say that a service behind cannot be reached."""
    log.warning("%s", error)
    return {"error": "a service behind the gateway does not answer"}, 503


@app.post("/api/login")
def log_in() -> Any:
    """Begin a session."""
    return _hand_on(http.post("http://auth/sessions", json=request.get_json()))


@app.get("/api/products")
def search() -> Any:
    """List products."""
    return _hand_on(http.get("http://catalogue/products", params={"q": request.args.get("q", "")}))


@app.get("/api/products/<product>")
def product(product: str) -> Any:
    """Answer one product, with what others like where the shop knows it."""
    found = http.get(f"http://catalogue/products/{product}")
    if not found.ok or not runtime.addresses("recommendations"):
        return _hand_on(found)
    like = http.get(f"http://recommendations/for/{product}", params={"visitor": secrets.token_hex(6)})
    return {**found.json(), "recommended": like.json().get("products", []) if like.ok else []}


@app.get("/api/cart")
def read_cart() -> Any:
    """List the caller's cart."""
    user = _user()
    return _hand_on(http.get(f"http://cart/carts/{user['id']}")) if user else _stranger()


@app.put("/api/cart")
def write_cart() -> Any:
    """Replace the caller's cart."""
    user = _user()
    return _hand_on(http.put(f"http://cart/carts/{user['id']}", json=request.get_json())) if user else _stranger()


@app.post("/api/orders")
def order() -> Any:
    """Buy what is in the caller's cart."""
    user = _user()
    if not user:
        return _stranger()
    return _hand_on(http.post("http://checkout/orders", json=user))


@app.get("/api/orders/<made>")
def state(made: str) -> Any:
    """Answer what became of an order."""
    return _hand_on(http.get(f"http://checkout/orders/{made}"))


def _user() -> dict[str, Any] | None:
    """Return who calls, or None."""
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    told = http.get(f"http://auth/sessions/{token}") if token else None
    if told is None or not told.ok:
        return None
    user: dict[str, Any] = told.json()
    trace.get_current_span().set_attribute("enduser.id", user["id"])
    return user


def _stranger() -> Any:
    return {"error": "log in first"}, 401


def _hand_on(answer: Any) -> Any:
    return Response(answer.content, answer.status_code, content_type="application/json")


if __name__ == "__main__":
    runtime.serve(app)
