"""`clew load`: send realistic traces at a rate or flat out."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from clew.cli.errors import UnreachableError, UsageError
from clew.cli.exits import Exit
from clew.cli.options import DEFAULT_OTLP, Json, Token
from clew.cli.output import note, print_json, progress

if TYPE_CHECKING:
    from clew.testing.load import Load, LoadReport
    from clew.testing.send import Sender
    from clew.testing.traces import Prepared

app = typer.Typer(add_completion=False)

_PER_REQUEST = 512
_TICK_S = 0.2


@app.command()
def load(  # noqa: PLR0917 - options of the command line are named
    endpoint: Annotated[str, typer.Option(metavar="URL", help="OTLP endpoint of Clew or anyone.")] = DEFAULT_OTLP,
    protocol: Annotated[str, typer.Option(help="http or grpc.")] = "http",
    rate: Annotated[float, typer.Option(min=0, help="Spans a second; 0 is flat out.")] = 0.0,
    seconds: Annotated[float, typer.Option(min=0, help="How long.")] = 10.0,
    traces: Annotated[int, typer.Option(min=0, help="End after so many traces; 0 is by time.")] = 0,
    big_trace: Annotated[int, typer.Option(min=0, metavar="SPANS", help="One trace of so many spans.")] = 0,
    concurrency: Annotated[int, typer.Option(min=1, max=1024, help="Requests at once.")] = 8,
    spans_per_request: Annotated[int, typer.Option(min=0, help="Spans of one request; 0 follows the rate.")] = 0,
    gzip: Annotated[bool, typer.Option("--gzip", help="Compress the bodies.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="The same seed sends the same traces.")] = 1,
    token: Token = "",
    as_json: Json = False,
) -> None:
    """Send traces of a web shop and print what was acknowledged, how fast, and what was refused."""
    from clew.testing.load import Load  # noqa: PLC0415 - numpy and gRPC, for this command only

    requests = _requests(rate, traces, big_trace, spans_per_request, seed)
    timed = 0.0 if traces or big_trace else seconds
    connect = _connect(protocol, endpoint, token, gzip=gzip)
    run = Load(requests, connect, concurrency=concurrency, rate=rate, seconds=timed)
    report = asyncio.run(_watch(run, timed))
    if as_json:
        print_json(report.summary() | ({"trace_id": _big_id(seed).hex()} if big_trace else {}))
    else:
        _show(report)
        if big_trace:
            print(f"trace {_big_id(seed).hex()}")
    if report.failed and not report.spans_acked:
        raise UnreachableError(endpoint, report.last_error)
    if report.failed:
        note(f"{report.failed} requests were given up; the last error: {report.last_error}")
        raise typer.Exit(Exit.FAILED)


def _requests(rate: float, traces: int, big: int, spans: int, seed: int) -> Iterator[Prepared]:
    from clew.testing.traces import TraceSource, big_trace  # noqa: PLC0415 - see above

    if big:
        return big_trace(_big_id(seed), big, time.time_ns(), seed=seed)
    size = spans or (min(_PER_REQUEST, max(16, int(rate / 20))) if rate else _PER_REQUEST)
    source = TraceSource(seed, spans=size)
    first = time.time_ns() >> 20  # a second run with the same seed must not send the same ids
    endless = (source.request(first + number, time.time_ns()) for number in itertools.count())
    return _until(endless, traces) if traces else endless


def _until(requests: Iterator[Prepared], traces: int) -> Iterator[Prepared]:
    """Yield whole requests until at least so many traces have been sent."""
    sent = 0
    while sent < traces:
        prepared = next(requests)
        sent += len(prepared.trace_ids)
        yield prepared


def _connect(protocol: str, endpoint: str, token: str, *, gzip: bool) -> Callable[[], Sender]:
    from clew.testing.send import GrpcSender, HttpSender  # noqa: PLC0415 - see above

    kinds: dict[str, type[HttpSender | GrpcSender]] = {"http": HttpSender, "grpc": GrpcSender}
    if protocol not in kinds:
        raise UsageError(f"--protocol {protocol} is unknown", hint="use http or grpc")
    return lambda: kinds[protocol](endpoint, token=token, gzip=gzip)


def _big_id(seed: int) -> bytes:
    """Return the id of the big trace of a seed."""
    return b"clew-big" + seed.to_bytes(8, "big")


async def _watch(run: Load, seconds: float) -> LoadReport:
    """Run it with a display that says how far it is."""
    task = asyncio.ensure_future(run.run())
    began = time.perf_counter()
    with progress() as bar:
        shown = bar.add_task("load", total=seconds or None, said="")
        while not task.done():
            await asyncio.wait({task}, timeout=_TICK_S)
            passed = time.perf_counter() - began
            said = f"{run.report.spans_acked / passed:,.0f} spans/s, {run.report.refused} refused"
            bar.update(shown, completed=min(passed, seconds or passed), said=said)
    return task.result()


def _show(report: LoadReport) -> None:
    print(f"acknowledged  {report.spans_acked:,} spans in {report.elapsed_s:.1f} s: {report.acked_per_s:,.0f} spans/s")
    print(f"waiting       p50 {report.ack_ms(0.5):.1f} ms, p99 {report.ack_ms(0.99):.1f} ms")
    print(f"refused       {report.refused} answers, {report.retries} sent again, {report.failed} given up")
    if report.spans_rejected:
        print(f"rejected      {report.spans_rejected:,} spans by partial success: {report.last_error}")
