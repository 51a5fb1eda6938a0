"""The application whose traces are generated: a web shop of nine services and five kinds of request."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from clew.testing.traces.wire import Patched, Value

INTERNAL, SERVER, CLIENT, PRODUCER, CONSUMER = 1, 2, 3, 4, 5


@dataclass(frozen=True, slots=True)
class Call:
    """One span of a request and what it calls, one after the other."""

    service: str
    name: str
    kind: int
    flavour: str
    """`http`, `rpc`, `db`, `queue` or `code`: which attributes it has."""
    own_ms: float
    """Time that it spends itself, on average."""
    calls: tuple[Call, ...] = ()


def _rpc(caller: str, callee: str, name: str, own_ms: float, *calls: Call) -> Call:
    """Return a client span with its server span."""
    return Call(caller, name, CLIENT, "rpc", 0.4, (Call(callee, name, SERVER, "rpc", own_ms, calls),))


def _sql(service: str, name: str, own_ms: float) -> Call:
    return Call(service, name, CLIENT, "db", own_ms)


_CHECKOUT = Call(
    "frontend",
    "POST /api/checkout",
    SERVER,
    "http",
    3.0,
    (
        _rpc(
            "frontend",
            "checkout",
            "CheckoutService/PlaceOrder",
            4.0,
            _rpc("checkout", "cart", "CartService/GetCart", 0.6, _sql("cart", "HGETALL cart", 0.8)),
            Call(
                "checkout",
                "price order",
                INTERNAL,
                "code",
                2.0,
                (_rpc("checkout", "currency", "CurrencyService/Convert", 0.5),),
            ),
            _rpc("checkout", "payment", "PaymentService/Charge", 9.0, _sql("payment", "INSERT payments", 3.5)),
            _rpc("checkout", "shipping", "ShippingService/ShipOrder", 2.5),
            Call(
                "checkout",
                "orders publish",
                PRODUCER,
                "queue",
                1.2,
                (
                    Call(
                        "accounting",
                        "orders process",
                        CONSUMER,
                        "queue",
                        6.0,
                        (_sql("accounting", "INSERT orders", 4.0),),
                    ),
                ),
            ),
        ),
    ),
)
_PRODUCTS = Call(
    "frontend",
    "GET /api/products",
    SERVER,
    "http",
    1.5,
    (
        _rpc("frontend", "catalog", "ProductCatalogService/ListProducts", 1.0, _sql("catalog", "SELECT products", 5.0)),
        _rpc(
            "frontend",
            "recommendation",
            "RecommendationService/List",
            6.0,
            _rpc("recommendation", "catalog", "ProductCatalogService/GetProduct", 0.7),
        ),
    ),
)
_PRODUCT = Call(
    "frontend",
    "GET /api/products/{id}",
    SERVER,
    "http",
    1.0,
    (
        _rpc("frontend", "catalog", "ProductCatalogService/GetProduct", 0.7, _sql("catalog", "SELECT product", 1.5)),
        _rpc("frontend", "currency", "CurrencyService/Convert", 0.4),
        Call("frontend", "render page", INTERNAL, "code", 3.0),
    ),
)
_CART = Call(
    "frontend",
    "POST /api/cart",
    SERVER,
    "http",
    0.8,
    (
        _rpc(
            "frontend",
            "cart",
            "CartService/AddItem",
            0.6,
            _sql("cart", "HGET cart", 0.5),
            _sql("cart", "HSET cart", 0.7),
        ),
        _rpc("frontend", "cart", "CartService/GetCart", 0.5, _sql("cart", "HGETALL cart", 0.8)),
    ),
)
_EMAIL = Call(
    "email",
    "send receipts",
    INTERNAL,
    "code",
    4.0,
    (
        Call("email", "receipts receive", CONSUMER, "queue", 2.0),
        _sql("email", "SELECT receipts", 2.0),
        Call("email", "POST", CLIENT, "http", 30.0),
    ),
)

REQUESTS: tuple[tuple[Call, int], ...] = ((_CHECKOUT, 3), (_PRODUCTS, 4), (_PRODUCT, 5), (_CART, 3), (_EMAIL, 1))
"""What comes in, with how often."""

LANGUAGES = {
    "frontend": "nodejs",
    "checkout": "go",
    "cart": "dotnet",
    "payment": "nodejs",
    "catalog": "go",
    "currency": "cpp",
    "shipping": "rust",
    "recommendation": "python",
    "accounting": "java",
    "email": "ruby",
}
"""Service to the language of its SDK."""


def resource(service: str, rng: Random) -> list[tuple[str, Value]]:
    """Return the sixteen resource attributes of one of the three instances of a service."""
    instance = rng.randrange(3)
    language = LANGUAGES[service]
    return [
        ("service.name", service),
        ("service.namespace", "shop"),
        ("service.version", f"1.{len(service)}.{instance % 2}"),
        ("service.instance.id", f"{service}-{instance}"),
        ("deployment.environment.name", "production"),
        ("telemetry.sdk.name", "opentelemetry"),
        ("telemetry.sdk.language", language),
        ("telemetry.sdk.version", "1.45.2"),
        ("host.name", f"node-{instance}.shop.internal"),
        ("host.arch", "amd64"),
        ("os.type", "linux"),
        ("process.pid", 1000 + 7 * instance),
        ("process.runtime.name", language),
        ("k8s.namespace.name", "shop"),
        ("k8s.pod.name", f"{service}-6d5f7c9b8-{instance}xk2p"),
        ("cloud.region", "eu-central-1"),
    ]


_LIMITS = (1, 20, 100)
_AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "shop-ios/8.4.1 (iPhone16,2)",
    "curl/8.9.1",
)


def span_attributes(call: Call, rng: Random, *, failed: bool) -> list[tuple[str, Value]]:
    """Return eight string and four number attributes in today's semantic conventions."""
    route = call.name.partition(" ")[2] or "/v1/send"
    strings, numbers = _FLAVOURS[call.flavour](call, route, rng, failed)
    shared: list[tuple[str, Value]] = [
        ("user.id", Patched("user", "user-0000@customers.shop.example.com")),
        ("request.id", Patched("hex", "0" * 16 + ".edge-gateway.eu-central-1a")),
    ]
    return [*strings, *shared, *numbers]


Attributes = tuple[list[tuple[str, Value]], list[tuple[str, Value]]]


def _http(call: Call, route: str, rng: Random, failed: bool) -> Attributes:  # noqa: FBT001 - a table calls it
    return [
        ("http.request.method", call.name.partition(" ")[0]),
        ("http.route", route),
        ("url.path", route.replace("{id}", f"{rng.randrange(4000)}")),
        ("url.scheme", "https"),
        ("server.address", "shop.example.com"),
        ("user_agent.original", rng.choice(_AGENTS)),
    ], [
        ("http.response.status_code", 500 if failed else rng.choice((200, 200, 200, 201, 204, 404))),
        ("server.port", 443),
        ("http.response.body.size", rng.randrange(200, 90_000)),
        ("app.cpu_ms", round(rng.lognormvariate(0, 1), 3)),
    ]


def _rpc_attributes(call: Call, _route: str, rng: Random, failed: bool) -> Attributes:  # noqa: FBT001
    service, _, method = call.name.partition("/")
    return [
        ("rpc.system.name", "grpc"),
        ("rpc.service", f"shop.{service}"),
        ("rpc.method", method),
        ("server.address", f"{service.lower()}.shop.svc.eu-central-1.cluster.local"),
        ("network.transport", "tcp"),
        ("network.peer.address", f"10.4.{rng.randrange(8)}.{rng.randrange(2, 250)}"),
    ], [
        ("rpc.grpc.status_code", 13 if failed else 0),
        ("server.port", 8080),
        ("rpc.message.size", rng.randrange(30, 4000)),
        ("app.queue_ms", round(rng.lognormvariate(-1, 1), 3)),
    ]


def _db(call: Call, _route: str, rng: Random, failed: bool) -> Attributes:  # noqa: FBT001
    operation, _, table = call.name.partition(" ")
    system = "redis" if operation.startswith("H") else "postgresql"
    return [
        ("db.system.name", system),
        ("db.namespace", call.service),
        ("db.collection.name", table),
        ("db.operation.name", operation),
        (
            "db.query.text",
            f"{operation} {table} WHERE id = ? AND tenant = ? ORDER BY created_at DESC LIMIT {rng.choice(_LIMITS)}",
        ),
        ("server.address", f"{system}-0.{call.service}.shop.svc.eu-central-1.cluster.local"),
    ], [
        ("server.port", 6379 if system == "redis" else 5432),
        ("db.response.returned_rows", 0 if failed else rng.randrange(100)),
        ("thread.id", rng.randrange(64)),
        ("app.pool_wait_ms", round(rng.lognormvariate(-2, 1), 3)),
    ]


def _queue(call: Call, _route: str, rng: Random, failed: bool) -> Attributes:  # noqa: FBT001
    topic, _, operation = call.name.partition(" ")
    return [
        ("messaging.system", "kafka"),
        ("messaging.destination.name", topic),
        ("messaging.operation.name", operation),
        ("messaging.client.id", f"{call.service}-{rng.randrange(3)}"),
        ("messaging.consumer.group.name", f"{call.service}-group"),
        ("server.address", f"kafka-{rng.randrange(3)}.shop.svc.eu-central-1.cluster.local"),
    ], [
        ("messaging.destination.partition.id", rng.randrange(12)),
        ("messaging.kafka.offset", rng.randrange(1 << 20, 1 << 21)),
        ("messaging.message.body.size", rng.randrange(100, 9000)),
        ("app.lag_ms", 900.5 if failed else round(rng.lognormvariate(1, 1), 3)),
    ]


def _code(call: Call, _route: str, rng: Random, failed: bool) -> Attributes:  # noqa: FBT001
    return [
        ("code.function.name", f"shop.{call.service}.{call.name.replace(' ', '_')}"),
        ("code.file.path", f"/srv/{call.service}/src/{call.name.replace(' ', '_')}.js"),
        ("feature_flag.key", rng.choice(("new-pricing", "dark-mode", "fast-cart"))),
        ("feature_flag.result.variant", rng.choice(("on", "off"))),
        ("thread.name", f"worker-{rng.randrange(16)}"),
        ("app.currency", rng.choice(("EUR", "USD", "JPY", "CHF"))),
    ], [
        ("code.line.number", rng.randrange(10, 900)),
        ("app.items", rng.randrange(1, 20)),
        ("app.retries", 3 if failed else 0),
        ("app.price", round(rng.lognormvariate(4, 0.6), 2)),
    ]


_FLAVOURS = {"http": _http, "rpc": _rpc_attributes, "db": _db, "queue": _queue, "code": _code}
