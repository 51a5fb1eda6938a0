"""What tracing costs a Python web application: off, with OpenTelemetry's own exporter, and with ours.

`python -m bench.sdk [--requests N]`: each mode is a process of its own with the same Flask application, whose handler
makes two spans more than the instrumentation; all send to one running Clew. Modes take turns, so that the ratios hold
on a busy machine.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.part import Part, Promise

PART = Part(
    title="The SDK for Python",
    rows=(
        Promise("encode a span, share of the stock exporter's CPU", "sdk_encode_ratio", "times", 0.5, 0.33),
        Promise(
            "CPU of tracing a request of three spans, share of the stock SDK's", "sdk_cpu_ratio", "times", 1.0, 0.8
        ),
        Promise("added latency p50, share of the stock SDK's", "sdk_p50_ratio", "times", 1.0, 0.9),
        Promise("added latency p99, share of the stock SDK's", "sdk_p99_ratio", "times", 1.0, 0.7),
    ),
)
MODES = ("off", "stock", "clew")
ROUNDS = 3
WARM = 200


def work(mode: str, endpoint: str, requests: int) -> dict[str, float]:
    """Serve requests in this process and return latencies in us and CPU in us per request."""
    from flask import Flask  # noqa: PLC0415 - only in the child
    from opentelemetry import trace  # noqa: PLC0415

    app = Flask(__name__)
    if mode == "stock":
        _stock(endpoint)
    elif mode == "clew":
        import clew_sdk  # noqa: PLC0415

        clew_sdk.start("bench", endpoint=endpoint, instrument=False)
    if mode != "off":
        from opentelemetry.instrumentation.flask import FlaskInstrumentor  # noqa: PLC0415

        FlaskInstrumentor().instrument_app(app)
    tracer = trace.get_tracer("bench")

    @app.get("/cart/<user>")
    def cart(user: str) -> dict[str, str]:
        with tracer.start_as_current_span("SELECT cart") as span:
            span.set_attributes({"db.system.name": "postgresql", "db.query.text": "SELECT 1", "app.user": user, "n": 7})
        with tracer.start_as_current_span("render"):
            return {"user": user}

    client = app.test_client()
    for at in range(WARM):
        client.get(f"/cart/{at}")
    taken = []
    cpu = time.process_time()
    for at in range(requests):
        began = time.perf_counter_ns()
        client.get(f"/cart/{at % 100}")
        taken.append((time.perf_counter_ns() - began) / 1000)
    trace.get_tracer_provider().force_flush() if mode != "off" else None
    cpu = time.process_time() - cpu
    quantiles = statistics.quantiles(taken, n=100)
    return {"p50": quantiles[49], "p99": quantiles[98], "cpu": cpu / requests * 1e6}


def _stock(endpoint: str) -> None:
    from opentelemetry import trace  # noqa: PLC0415
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    provider = TracerProvider(resource=Resource.create({"service.name": "bench"}))
    exporter = OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=8192, schedule_delay_millis=1000))
    trace.set_tracer_provider(provider)


def encode_ratio() -> tuple[float, str]:
    """Return our encoder's CPU as a share of the stock one's, over the same spans in turns."""
    from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415

    from clew_sdk.export.encode import Encoder  # noqa: PLC0415

    tracer = TracerProvider(shutdown_on_exit=False).get_tracer("bench")
    texts = {f"attribute.{at}": f"value {at}" for at in range(7)}
    spans = []
    for at in range(512):
        numbers = {"a": at, "b": at / 3, "c": True, "d": 200}
        spans.append(tracer.start_span("GET /cart", attributes={**texts, "user": f"u{at}", **numbers}))
        spans[-1].end()
    encoder = Encoder()
    took = {"stock": 0.0, "clew": 0.0}
    for _ in range(20):
        for name, encode in (
            ("stock", lambda: encode_spans(spans).SerializeToString()),
            ("clew", lambda: encoder.request(spans)),
        ):
            began = time.process_time()
            encode()
            took[name] += time.process_time() - began
    each = {name: seconds / 20 / len(spans) * 1e6 for name, seconds in took.items()}
    return each["clew"] / each["stock"], f"{each['clew']:.1f} of {each['stock']:.1f} us/span"


def main() -> None:
    """Print the figures, or, as a child, the measures of one mode."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=3000)
    parser.add_argument("--mode", choices=MODES)
    parser.add_argument("--endpoint", default="")
    told = parser.parse_args()
    if told.mode:
        print(json.dumps(work(told.mode, told.endpoint, told.requests)))
        return
    from clew.testing import RunningClew  # noqa: PLC0415 - the parent alone needs it

    measures: dict[str, list[dict[str, float]]] = {mode: [] for mode in MODES}
    with tempfile.TemporaryDirectory() as folder, RunningClew(Path(folder)) as clew:
        for _ in range(ROUNDS):
            for mode in MODES:
                command = ["--mode", mode, "--endpoint", clew.otlp_http_url, "--requests", str(told.requests)]
                done = subprocess.run(
                    [sys.executable, "-m", "bench.sdk", *command],
                    check=True,
                    capture_output=True,
                    text=True,
                    env=os.environ,
                )
                measures[mode].append(json.loads(done.stdout.splitlines()[-1]))
    best = {mode: {key: min(one[key] for one in all_) for key in all_[0]} for mode, all_ in measures.items()}
    ratio, note = encode_ratio()
    figures = [{"name": "sdk_encode_ratio", "value": ratio, "note": note}]
    for key in ("cpu", "p50", "p99"):
        stock, ours = (best[mode][key] - best["off"][key] for mode in ("stock", "clew"))
        note = f"{ours:.0f} of {stock:.0f} us a request; without tracing it takes {best['off'][key]:.0f} us"
        figures.append({"name": f"sdk_{key}_ratio", "value": ours / stock, "note": note})
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
