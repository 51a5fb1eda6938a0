"""CPU microseconds per span of the codec: `python bench/codec.py`.

User and system time of the whole process, best of several rounds; spans of about 650 bytes of OTLP protobuf with 8
string and 4 number attributes under a resource of 16, in requests of 512.
"""

from __future__ import annotations

import gzip
import json
import platform
import random
import resource
import sys
from collections.abc import Callable

import zstandard
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from clew.codec import (
    Batches,
    Catalogue,
    Compression,
    Encoding,
    Request,
    SpanBuilder,
    checksum,
    encode_traces,
)

SPANS_PER_REQUEST = 512
REQUESTS = 40
SPANS = SPANS_PER_REQUEST * REQUESTS
NOW = 1_700_000_000_000_000_000


def attribute(key: str, value: str | float) -> KeyValue:
    """An attribute of a string, an integer or a float."""
    if isinstance(value, str):
        return KeyValue(key=key, value=AnyValue(string_value=value))
    if isinstance(value, int):
        return KeyValue(key=key, value=AnyValue(int_value=value))
    return KeyValue(key=key, value=AnyValue(double_value=value))


def body(rng: random.Random) -> bytes:
    """One request of realistic HTTP and database spans."""
    message = ExportTraceServiceRequest()
    group = message.resource_spans.add()
    group.resource.attributes.append(attribute("service.name", f"service-{rng.randrange(20)}"))
    group.resource.attributes.extend(attribute(f"k8s.attribute.{i}", f"value-of-{i}") for i in range(15))
    scope = group.scope_spans.add()
    scope.scope.name, scope.scope.version = "opentelemetry.instrumentation.fastapi", "0.48b0"
    for _ in range(SPANS_PER_REQUEST):
        start = NOW + rng.randrange(10**9)
        route = f"/api/v1/resource-{rng.randrange(40)}/{{id}}"
        attributes: dict[str, str | float] = {
            "http.request.method": rng.choice(["GET", "POST", "PUT"]),
            "http.route": route,
            "url.full": f"https://shop.example.com{route}?session={rng.randrange(10**12):012d}&page={rng.randrange(99)}",
            "server.address": f"node-{rng.randrange(30)}.internal.example.com",
            "user_agent.original": "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0",
            "enduser.id": f"user-{rng.randrange(10**6):06d}",
            "db.query.text": "SELECT id, name, price FROM products WHERE category = ? AND price < ? ORDER BY price",
            "thread.name": f"worker-{rng.randrange(64)}",
            "http.response.status_code": rng.choice([200, 200, 200, 404, 500]),
            "server.port": 8443,
            "http.response.body.size": rng.randrange(10**6),
            "app.score": rng.random(),
        }
        scope.spans.add(
            trace_id=rng.randbytes(16),
            span_id=rng.randbytes(8),
            parent_span_id=rng.randbytes(8),
            name=f"GET {route}",
            kind=rng.randrange(1, 6),
            start_time_unix_nano=start,
            end_time_unix_nano=start + rng.randrange(10**8),
            attributes=[attribute(key, value) for key, value in attributes.items()],
            flags=257,
        )
    return message.SerializeToString()


def cpu() -> float:
    """User and system seconds of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def best(work: Callable[[], object], rounds: int) -> float:
    """Microseconds per span of the best round."""
    least = float("inf")
    for _ in range(rounds):
        before = cpu()
        work()
        least = min(least, cpu() - before)
    return least / SPANS * 1e6


def measure(rounds: int = 15) -> dict[str, float]:
    """Microseconds per span of each job."""
    rng = random.Random(7)
    bodies = [body(rng) for _ in range(REQUESTS)]
    builder = SpanBuilder(retention_s=86_400)

    def decode(requests: list[Request]) -> Batches:
        answers = builder.push(requests)
        if any(answer.error or answer.rejected for answer in answers):
            raise SystemExit(f"a request was refused: {answers}")
        return builder.finish()

    def requests(pack: Callable[[bytes], bytes], encoding: Encoding, compression: Compression) -> list[Request]:
        return [Request("default", pack(b), encoding, compression, NOW) for b in bodies]

    plain = requests(bytes, Encoding.PROTOBUF, Compression.NONE)
    zipped = requests(lambda b: gzip.compress(b, 6), Encoding.PROTOBUF, Compression.GZIP)
    packed = requests(lambda b: zstandard.compress(b, 3), Encoding.PROTOBUF, Compression.ZSTD)
    batches = decode(plain)
    rows = (batches.rows, batches.resources, batches.scopes)
    text = encode_traces(*rows, Encoding.JSON)
    as_json = [Request("default", text, Encoding.JSON, Compression.NONE, NOW)]
    warm = Catalogue()
    warm.scan(batches.rows, "span")
    warm.commit()
    return {
        "bytes per span, protobuf": sum(map(len, bodies)) / SPANS,
        "bytes per span, JSON": len(text) / SPANS,
        "decode protobuf": best(lambda: decode(plain), rounds),
        "decode protobuf in gzip": best(lambda: decode(zipped), rounds),
        "decode protobuf in zstd": best(lambda: decode(packed), rounds),
        "decode JSON": best(lambda: decode(as_json), rounds),
        "encode protobuf": best(lambda: encode_traces(*rows, Encoding.PROTOBUF), rounds),
        "encode JSON": best(lambda: encode_traces(*rows, Encoding.JSON), rounds),
        "checksum": best(lambda: checksum(batches.rows), rounds),
        "catalogue, nothing seen": best(lambda: Catalogue().scan(batches.rows, "span"), rounds),
        "catalogue, all seen": best(lambda: warm.scan(batches.rows, "span"), rounds),
    }


def main() -> None:
    """Print the figures, as JSON with `--json`."""
    figures = measure()
    if "--json" in sys.argv[1:]:
        print(json.dumps(figures))
        return
    print(f"{platform.machine()}, Python {platform.python_version()}, CPU us per span unless said otherwise")
    for name, value in figures.items():
        print(f"{name:28} {value:8.2f}")


if __name__ == "__main__":
    main()
