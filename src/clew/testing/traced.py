"""Programs that send to a running Clew, and what it has stored of their traces."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from clew.testing.running import NotRunningError, RunningClew
from clew.testing.stored import each, otlp_of

PATIENCE_S = 60.0
_POLL_S = 0.1
_END_S = 20.0


class Stored(NamedTuple):
    """A span as the export gives it back."""

    service: str
    name: str
    kind: int
    """OTLP's number: 1 internal, 2 server, 3 client, 4 producer, 5 consumer."""
    parent: str
    """Name of its parent; empty for a root and where the parent is not stored."""


def instrumented(*arguments: str) -> list[str]:
    """Return the command that runs a Python program under `clew-instrument`, as it is installed here."""
    tool = str(Path(sys.executable).with_name("clew-instrument"))
    return [tool, "--no-install", sys.executable, *arguments]


@contextlib.contextmanager
def program(
    clew: RunningClew, service: str, command: Sequence[str], env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program that sends traces to `clew` as `service`; ends it with SIGTERM."""
    environ = {
        **os.environ,
        "OTEL_SERVICE_NAME": service,
        "OTEL_EXPORTER_OTLP_ENDPOINT": clew.otlp_http_url,
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_METRICS_EXPORTER": "none",
        "OTEL_LOGS_EXPORTER": "none",
        "OTEL_BSP_SCHEDULE_DELAY": "200",
        **(env or {}),
    }
    log = clew.directory / f"{service}.log"
    with log.open("ab") as out:
        process = subprocess.Popen(  # noqa: S603 - a test's own command
            list(command), env=environ, stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
    try:
        yield process
    except BaseException as error:
        error.add_note(f"{service}: {log.read_text(errors='replace')[-4000:]}")
        raise
    finally:
        process.terminate()
        try:
            process.wait(_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def fetch(url: str, headers: Mapping[str, str] | None = None, *, patience_s: float = PATIENCE_S) -> bytes:
    """Return the body of an address, once its server is there.

    Raises:
        urllib.error.HTTPError: any status but 2xx.
    """
    end = time.monotonic() + patience_s
    while True:
        try:
            request = urllib.request.Request(url, headers=dict(headers or {}))  # noqa: S310 - localhost
            with urllib.request.urlopen(request, timeout=patience_s) as answer:  # noqa: S310
                return bytes(answer.read())
        except urllib.error.HTTPError:
            raise
        except OSError as error:
            if time.monotonic() > end:
                raise NotRunningError(f"{url} did not answer in {patience_s} s: {error}") from error
            time.sleep(_POLL_S)


def exported(clew: RunningClew, trace: str, enough: Callable[[list[dict[str, Any]]], bool]) -> dict[str, Any]:
    """Return a trace as OTLP JSON, once its spans are enough.

    Raises:
        NotRunningError: they were not in a minute.
    """
    end = time.monotonic() + PATIENCE_S
    while True:
        told = otlp_of(clew, trace)
        if enough([span for _, span in each(told)]):
            return told
        if time.monotonic() > end:
            raise NotRunningError(f"trace {trace} has only {json.dumps(told)[:8000]}")
        time.sleep(_POLL_S)


def trace_of(clew: RunningClew, query: str) -> str:
    """Return the id of a trace that a TraceQL query finds among the last hour's, once there is one."""
    end = time.monotonic() + PATIENCE_S
    asked = {"q": query, "from": "now-1h", "to": "now"}
    while not (found := clew.post("/search", asked)["data"]["traces"]):
        if time.monotonic() > end:
            raise NotRunningError(f"{query} found no trace in {PATIENCE_S} s")
        time.sleep(_POLL_S)
    return str(found[0]["trace_id"])


def spans_of(clew: RunningClew, trace: str, count: int) -> list[Stored]:
    """Return the spans of a trace in order, once there are `count`."""
    return tree(exported(clew, trace, lambda spans: len(spans) >= count))


def tree(told: Mapping[str, Any]) -> list[Stored]:
    """Return the spans of OTLP JSON in order, each with the name of its parent."""
    names = {span["spanId"]: span["name"] for _, span in each(told)}
    return sorted(
        Stored(
            str(resource.get("service.name", "")),
            span["name"],
            span["kind"],
            names.get(span.get("parentSpanId", ""), ""),
        )
        for resource, span in each(told)
    )
