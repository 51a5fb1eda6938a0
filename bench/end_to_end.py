"""What a whole Clew process costs and how fast it is, with the sender on the same machine.

`python bench/end_to_end.py [--quick] [--json] [--only NAME]`. CPU is user + system of all threads of the process, with
merges; memory is what is resident. Bodies are made before they are sent, so that the sender costs little.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import uvloop

from clew.testing import RunningClew
from clew.testing.load import Load, LoadReport
from clew.testing.send import GrpcSender, HttpSender, Sender
from clew.testing.traces import Prepared, TraceSource

NO_INDEX: Mapping[str, Any] = {"storage": {"attribute_index": False}}
RATE = 10_000.0
SEARCHES: dict[str, dict[str, Any]] = {
    "service": {"q": '{ resource.service.name = "checkout" }', "from": "now-24h", "to": "now", "limit": 20},
    "slow": {"q": "{ duration > 1s }", "from": "now-24h", "to": "now", "limit": 20},
    "attribute": {
        "q": '{ span.user.id = "user-0042@customers.shop.example.com" }',
        "from": "now-24h",
        "to": "now",
        "limit": 20,
    },
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value."""

    name: str
    value: float
    unit: str
    note: str = ""


def run_load(load: Load) -> LoadReport:
    """Run a load on uvloop."""
    return uvloop.run(load.run())


def sender(clew: RunningClew, protocol: str) -> Callable[[], Sender]:
    """Return what connects to a Clew."""
    if protocol == "grpc":
        return lambda: GrpcSender(clew.otlp_grpc_url)
    return lambda: HttpSender(clew.otlp_http_url)


def settle(clew: RunningClew, *, quiet_s: float = 3.0, most_s: float = 120.0) -> None:
    """Wait until the process has nothing left to do: merges end some seconds after the last insert."""
    end = time.monotonic() + most_s
    calm = 0.0
    while calm < quiet_s and time.monotonic() < end:
        before = clew.cpu_s()
        time.sleep(0.5)
        calm = calm + 0.5 if clew.cpu_s() - before < 0.04 else 0.0


def burst(work: Path, spans: int, config: Mapping[str, Any], protocol: str) -> dict[str, float]:
    """Send `spans` flat out; returns acknowledged and stored rates, and CPU per span with all merges."""
    source = TraceSource(5)
    with RunningClew(work, config=config) as clew:
        warm = run_load(Load(iter(list(source.requests(0, 40, time.time_ns()))), sender(clew, protocol)))
        clew.wait_stored(warm.spans_acked)
        settle(clew)
        bodies = list(source.requests(100, spans // 507, time.time_ns()))
        cpu, began = clew.cpu_s(), time.perf_counter()
        report = run_load(Load(iter(bodies), sender(clew, protocol), concurrency=16))
        acked = clew.cpu_s() - cpu
        clew.wait_stored(warm.spans_acked + report.spans_acked, 600)
        stored_s = time.perf_counter() - began
        rss = clew.rss_bytes()
        settle(clew)
        total = clew.cpu_s() - cpu
        clew.stop()
    return {
        "acked_per_s": report.acked_per_s,
        "stored_per_s": report.spans_acked / stored_s,
        "cpu_us": total / report.spans_acked * 1e6,
        "cpu_acked_us": acked / report.spans_acked * 1e6,
        "ack_p99_ms": report.ack_ms(0.99),
        "refused": report.refused,
        "rss_mib": rss / 2**20,
    }


def bursts(work: Path, spans: int) -> Iterator[Figure]:
    """Yield total CPU without and with the attribute index, and both rates."""
    plain = burst(work / "plain", spans, NO_INDEX, "http")
    yield Figure("cpu_no_index_us", plain["cpu_us"], "us/span", f"{spans:,} spans, merges included")
    default = burst(work / "default", spans, {}, "http")
    yield Figure("cpu_default_us", default["cpu_us"], "us/span", f"{spans:,} spans, merges included")
    yield Figure("burst_acked", default["acked_per_s"], "spans/s", f"HTTP; ack p99 {default['ack_p99_ms']:.0f} ms")
    yield Figure("burst_stored", default["stored_per_s"], "spans/s", "until the last span can be searched")
    yield Figure("burst_rss_mib", default["rss_mib"], "MiB", "")
    grpc = burst(work / "grpc", spans // 2, {}, "grpc")
    yield Figure("burst_acked_grpc", grpc["acked_per_s"], "spans/s", f"gRPC; ack p99 {grpc['ack_p99_ms']:.0f} ms")
    yield Figure("cpu_default_grpc_us", grpc["cpu_us"], "us/span", "gRPC")


def endless(source: TraceSource, first: int = 0) -> Iterator[Prepared]:
    """Yield requests for ever, made as they are sent."""
    number = first
    while True:
        yield source.request(number, time.time_ns())
        number += 1


def search_ms(clew: RunningClew, body: Mapping[str, Any], times: int) -> float:
    """Return the median time of a search as a client sees it."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        clew.post("/search", body)
        taken.append((time.perf_counter() - began) * 1e3)
        time.sleep(0.05)
    return statistics.median(taken)


def visible_s(clew: RunningClew, source: TraceSource, number: int) -> float:
    """Send one request and return how long after its acknowledgement search finds its last trace."""
    prepared = source.request(number, time.time_ns())

    async def send() -> None:
        one = HttpSender(clew.otlp_http_url)
        answer = await one.send(prepared.body)
        await one.close()
        if not answer.ok:
            raise RuntimeError(answer.message)

    asyncio.run(send())
    began = time.perf_counter()
    path = f"/traces/{prepared.trace_ids[-1].hex()}/where"
    while clew.get(path)["data"]["state"] != "stored":
        time.sleep(0.05)
    return time.perf_counter() - began


def steady(work: Path, seconds: float) -> Iterator[Figure]:
    """Yield what 10,000 spans a second cost, and how fast they are acknowledged and seen."""
    source, probes = TraceSource(6), TraceSource(60, spans=16, templates=4)
    with RunningClew(work) as clew:
        warm = Load(endless(source), sender(clew, "http"), rate=RATE, seconds=min(20.0, seconds))
        run_load(warm)
        settle(clew)
        quiet = {name: search_ms(clew, body, 9) for name, body in SEARCHES.items()}
        load = Load(endless(source, 1 << 20), sender(clew, "http"), rate=RATE, seconds=seconds)
        thread = threading.Thread(target=run_load, args=(load,))
        cpu, began, rss = clew.cpu_s(), time.perf_counter(), 0
        thread.start()
        while thread.is_alive():
            thread.join(0.5)
            rss = max(rss, clew.rss_bytes())
        wall = time.perf_counter() - began
        used = clew.cpu_s() - cpu
        yield Figure("steady_cpu", used / wall * 100, "%", f"{RATE:,.0f} spans/s for {seconds:.0f} s, of one core")
        yield Figure("steady_rss_mib", rss / 2**20, "MiB", "most while it ran")
        yield Figure("steady_ack_p99_ms", load.report.ack_ms(0.99), "ms", f"p50 {load.report.ack_ms(0.5):.1f} ms")
        yield from busy(clew, source, probes, quiet, seconds)
        clew.stop()


def busy(
    clew: RunningClew, source: TraceSource, probes: TraceSource, quiet: Mapping[str, float], seconds: float
) -> Iterator[Figure]:
    """Yield the time until spans are seen, and searches, while 10,000 spans a second come in."""
    load = Load(endless(source, 1 << 21), sender(clew, "http"), rate=RATE, seconds=seconds * 3)
    thread = threading.Thread(target=run_load, args=(load,))
    thread.start()
    time.sleep(2)
    seen = [visible_s(clew, probes, number) for number in range(int(max(10, seconds)))]
    yield Figure("visible_p99_s", statistics.quantiles(seen, n=100)[98], "s", f"p50 {statistics.median(seen):.2f} s")
    ratios = {name: search_ms(clew, body, 9) / quiet[name] for name, body in SEARCHES.items()}
    load.stop()
    thread.join()
    told = ", ".join(f"{name} {quiet[name]:.0f} ms x {ratio:.2f}" for name, ratio in ratios.items())
    yield Figure("search_slowdown", max(ratios.values()), "times", told)


def idle(work: Path, seconds: float) -> Iterator[Figure]:
    """Yield CPU without traffic, then at ten spans a second, and the parts that this leaves."""
    source = TraceSource(8, spans=10, templates=8)
    with RunningClew(work) as clew:
        settle(clew, quiet_s=2)
        cpu = clew.cpu_s()
        time.sleep(seconds)
        yield Figure("idle_cpu", (clew.cpu_s() - cpu) / seconds * 100, "%", f"over {seconds:.0f} s, of one core")
        cpu = clew.cpu_s()
        run_load(Load(endless(source), sender(clew, "http"), concurrency=1, rate=10, seconds=seconds))
        yield Figure("trickle_cpu", (clew.cpu_s() - cpu) / seconds * 100, "%", "at 10 spans/s, of one core")
        clew.wait_drained()
        clew.status()
        lines = clew.fetch("/metrics").decode().splitlines()
        parts = sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith("clew_store_parts{"))
        yield Figure("trickle_parts", parts, "parts", f"of all tables after {seconds:.0f} s at 10 spans/s")
        clew.stop()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes: seconds, not minutes")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=float, default=60.0, help="length of each steady run")
    parser.add_argument("--only", default="", help="bursts, steady or idle")
    options = parser.parse_args()
    spans, seconds = (200_000, 10.0) if options.quick else (1_500_000, options.seconds)
    parts: dict[str, Callable[[Path], Iterator[Figure]]] = {
        "bursts": lambda work: bursts(work, spans),
        "steady": lambda work: steady(work, seconds),
        "idle": lambda work: idle(work, seconds),
    }
    figures = []
    with tempfile.TemporaryDirectory(prefix="clew-bench-") as scratch:
        for name, part in parts.items():
            if options.only in {"", name}:
                for figure in part(Path(scratch) / name):
                    figures.append(figure)
                    if not options.json:
                        print(f"{figure.name:24}{figure.value:14,.2f} {figure.unit:8} {figure.note}", flush=True)
    if options.json:
        print(json.dumps([asdict(figure) for figure in figures], indent=2))


if __name__ == "__main__":
    main()
