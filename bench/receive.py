"""What receiving costs: OTLP/HTTP and OTLP/gRPC into a real journal, without storing.

`python bench/receive.py [--seconds 5] [--json]` prints, for each protocol, CPU microseconds per span of the receiving
process (user and system, all threads), acknowledged spans per second and the time to acknowledgement, flat out and at
10,000 spans/s. The sender is a second process on the same cores; its requests are encoded beforehand.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

import pyarrow as pa
import uvloop

from clew.access import Authenticator
from clew.codec import LogBuilder, SpanBuilder
from clew.config import load
from clew.journal import JournalSettings, LocalJournal
from clew.receive import Budget, Builders, Edge, Intake, OtlpGrpcServer, OtlpHttpServer, Refusals
from clew.telemetry import Metrics
from clew.testing.load import Load
from clew.testing.send import GrpcSender, HttpSender
from clew.testing.traces import Prepared, TraceSource

RETENTION_S = 30 * 86_400
PREPARED = 256
STEADY_RATE = 10_000


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the table."""

    case: str
    acked_per_s: float
    us_per_span: float
    ack_p50_ms: float
    ack_p99_ms: float
    refused: int
    rss_mib: float


def requests(seconds_ahead: int = 0) -> Iterator[Prepared]:
    """Yield prepared requests for ever, the same few hundred again and again."""
    source = TraceSource()
    now = time.time_ns() + seconds_ahead
    prepared = list(islice((source.request(number, now) for number in range(PREPARED)), PREPARED))
    while True:
        yield from prepared


def send(argv: list[str]) -> None:
    """Run the sending process: `--send PROTOCOL URL RATE SECONDS CONNECTIONS`; prints the report as JSON."""
    protocol, url, rate, seconds, connections = argv
    kind = {
        "http": lambda: HttpSender(url),
        "http-gzip": lambda: HttpSender(url, gzip=True),
        "grpc": lambda: GrpcSender(url),
        "grpc-gzip": lambda: GrpcSender(url, gzip=True),
    }[protocol]
    endless = requests()
    next(endless)
    load_run = Load(endless, kind, concurrency=int(connections), rate=float(rate), seconds=float(seconds))
    report = uvloop.run(load_run.run())
    sys.stdout.write(json.dumps(report.summary()) + "\n")


class Drain(threading.Thread):
    """Stands for the processor: commits every sealed segment at once."""

    def __init__(self, journal: LocalJournal) -> None:
        super().__init__(daemon=True)
        self._journal = journal
        self.ended = False

    def run(self) -> None:
        """Commit until told to end."""
        while not self.ended:
            segment = self._journal.next_sealed(0.1)
            if segment is not None:
                rows = segment.rows
                self._journal.commit(segment, stored_spans=rows.get("spans", 0), stored_logs=rows.get("logs", 0))


@asynccontextmanager
async def receiver(directory: Path) -> AsyncIterator[tuple[OtlpHttpServer, OtlpGrpcServer]]:
    """Run both listeners on free ports with a journal in `directory`."""
    config = load(overrides={"listen.otlp_http.port": 0, "listen.otlp_grpc.port": 0})
    metrics = Metrics()
    journal = LocalJournal(directory, JournalSettings())
    journal.start()
    drain = Drain(journal)
    drain.start()

    def builders() -> Builders:
        return Builders(SpanBuilder(retention_s=RETENTION_S), LogBuilder(retention_s=RETENTION_S))

    intake = Intake(journal, builders, loop=asyncio.get_running_loop(), metrics=metrics)
    intake.start()
    limits = config.limits
    budget = Budget(
        limits.inflight_max_bytes, decoded_max_bytes=limits.decoded_max_bytes, room=journal.room, metrics=metrics
    )
    edge = Edge(intake, budget, Authenticator(), limits, config.cors, metrics, Refusals(metrics))
    http = OtlpHttpServer(config.listen.otlp_http, edge)
    grpc = OtlpGrpcServer(config.listen.otlp_grpc, edge)
    await http.start()
    await grpc.start()
    try:
        yield http, grpc
    finally:
        await http.stop()
        await grpc.stop()
        await asyncio.to_thread(intake.stop)
        await asyncio.to_thread(journal.stop)
        drain.ended = True
        await asyncio.to_thread(drain.join)


def cpu_s() -> float:
    """Return user and system seconds of this process, all threads."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def rss_mib() -> float:
    """Return what this process holds now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


async def measure(case: str, *sending: str) -> Figure:
    """Run one case in a process of its own and read off what it cost here."""
    command = [sys.executable, __file__, "--send", *sending]
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    before = cpu_s()
    out, _ = await process.communicate()
    used = cpu_s() - before
    report = json.loads(out)
    return Figure(
        case=case,
        acked_per_s=report["acked_spans_per_s"],
        us_per_span=round(used / max(report["spans_acked"], 1) * 1e6, 2),
        ack_p50_ms=report["ack_p50_ms"],
        ack_p99_ms=report["ack_p99_ms"],
        refused=report["refused"],
        rss_mib=round(rss_mib()),
    )


async def run(seconds: float, only: str, connections: int) -> list[Figure]:
    """Measure every case, one after the other."""
    figures: list[Figure] = []
    for protocol in ("http", "http-gzip", "grpc", "grpc-gzip"):
        for rate in (0, STEADY_RATE):
            case = f"{protocol} {'flat out' if not rate else f'{rate}/s'}"
            if only and only not in case:
                continue
            with tempfile.TemporaryDirectory() as directory:
                async with receiver(Path(directory)) as (http, grpc):
                    port = grpc.port if protocol.startswith("grpc") else http.port
                    url = f"http://127.0.0.1:{port}"
                    figures.append(await measure(case, protocol, url, str(rate), str(seconds), str(connections)))
    return figures


def main() -> None:
    """Print the table."""
    if sys.argv[1:2] == ["--send"]:
        send(sys.argv[2:])
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--only", default="", help="cases whose name holds this")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    sys.setswitchinterval(0.001)
    pa.array([0])  # imports pandas, which takes most of a second
    gc.set_threshold(20_000, 20, 50)
    figures = uvloop.run(run(arguments.seconds, arguments.only, arguments.connections))
    if arguments.json:
        print(json.dumps([asdict(figure) for figure in figures], indent=2))
        return
    print(f"{'case':22}{'acked/s':>10}{'us/span':>9}{'p50 ms':>8}{'p99 ms':>8}{'refused':>9}{'RSS MiB':>9}")
    for row in figures:
        print(
            f"{row.case:22}{row.acked_per_s:10,.0f}{row.us_per_span:9.2f}{row.ack_p50_ms:8.1f}{row.ack_p99_ms:8.1f}"
            f"{row.refused:9}{row.rss_mib:9.0f}"
        )


if __name__ == "__main__":
    main()
