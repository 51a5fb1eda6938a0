"""Recordings: what a shop sent before and during a fault, as files of OTLP, beside the truth about it."""

from __future__ import annotations

import errno
import json
import shutil
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clew.cli.client import Client
from clew.cli.errors import NothingRecordedError, NotWrittenError
from clew.cli.search import found_traces
from clew.cli.shop.control import Control
from clew.cli.shop.guide import Span

TRUTH = "truth.json"
FORMAT = "otlp-proto-framed"
"""What `clew import --format` reads the files as."""
_LENGTH = 4
_MOST_TRACES = 100_000
_STORED_S = 60.0
_POLL_S = 0.25
_AT_ONCE, _BLOCK = 4, 32
"""Requests at once, and traces that are held in memory together."""
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}

Tell = Callable[[str, float, float], None]
"""Told what happens, how many seconds or traces of it are done, and how many there are."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How long each part of a recording takes, in seconds."""

    baseline_s: float
    fault_s: float
    rest_s: float
    """After each of the two: for what began in it to end, and to arrive."""
    share: float


class Recorder:
    """Records faults one after another; each has a folder of its own, which is there whole or not at all."""

    def __init__(self, control: Control, clew: Client, out: Path, plan: Plan, tell: Tell) -> None:
        self._control = control
        self._clew = clew
        self._out = out
        self._plan = plan
        self._tell = tell

    def prepare(self) -> None:
        """Make the folder, and clear away what an earlier recording was interrupted in.

        Raises:
            NotWrittenError: it cannot be made.
        """
        try:
            self._out.mkdir(parents=True, exist_ok=True)
            for draft in self._out.glob(".*.part"):
                shutil.rmtree(draft)
        except OSError as error:
            raise _not_written(self._out, error) from None

    def recorded(self, name: str) -> bool:
        """Return whether a fault is there already, from an earlier run."""
        return (self._out / name / TRUTH).is_file()

    def record(self, name: str) -> dict[str, Any]:
        """Record one fault and return its truth.

        Raises:
            NothingRecordedError: nobody visits the shop.
            NotWrittenError: the disk is full, or the folder cannot be written.
        """
        fault = self._control.fault(name)
        plan = self._plan
        baseline_from = time.time_ns()
        self._wait(f"{name}: baseline", plan.baseline_s)
        baseline = Span(baseline_from, time.time_ns())
        self._wait(f"{name}: rest", plan.rest_s)
        with self._control.switched_on(name, share=plan.share, for_s=plan.fault_s + 60) as since_ns:
            self._wait(f"{name}: fault", plan.fault_s)
        during = Span(since_ns, time.time_ns())
        self._wait(f"{name}: rest", plan.rest_s)
        self._arrived(during)
        draft = self._out / f".{name}.part"
        try:
            draft.mkdir()
            truth = self._write(draft, fault, baseline, during)
            shutil.rmtree(self._out / name, ignore_errors=True)
            draft.rename(self._out / name)
        except OSError as error:
            raise _not_written(self._out / name, error) from None
        finally:
            with suppress(OSError):
                shutil.rmtree(draft, ignore_errors=True)
        return truth

    def _write(self, folder: Path, fault: Mapping[str, Any], baseline: Span, during: Span) -> dict[str, Any]:
        """Write both windows and the truth. A trace that goes over the edge belongs to the fault."""
        struck = self._traces(during)
        before = [one for one in self._traces(baseline) if one not in set(struck)]
        if not before or not struck:
            raise NothingRecordedError(fault["name"], "baseline" if not before else "fault")
        windows = [
            self._window(folder, "baseline", baseline, before),
            self._window(folder, "fault", during, struck),
        ]
        entry = {key: value for key, value in fault.items() if key != "on"}
        truth = {"fault": entry, "share": self._plan.share, "format": FORMAT, "windows": windows}
        (folder / TRUTH).write_text(json.dumps(truth, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        return truth

    def _traces(self, span: Span) -> list[str]:
        rows = found_traces(self._clew, {"q": "{ }", **span.request}, _MOST_TRACES)
        return [str(one["trace_id"]) for one in rows]

    def _window(self, folder: Path, ident: str, span: Span, traces: list[str]) -> dict[str, Any]:
        """Write the traces of a window, each as one message with its length in four bytes before it."""
        path = folder / f"{ident}.otlp"
        spans = 0
        with path.open("wb") as file, ThreadPoolExecutor(_AT_ONCE) as pool:
            for first in range(0, len(traces), _BLOCK):
                for body in pool.map(self._export, traces[first : first + _BLOCK]):
                    file.write(len(body).to_bytes(_LENGTH, "big") + body)
                    spans += _count(body)
                self._tell(f"{folder.name[1:].removesuffix('.part')}: writing {ident}", first, len(traces))
        return {
            "id": ident,
            "start_ns": str(span.start_ns),
            "end_ns": str(span.end_ns),
            "file": path.name,
            "traces": len(traces),
            "spans": spans,
            "bytes": path.stat().st_size,
        }

    def _export(self, trace: str) -> bytes:
        asked = {"format": "otlp-proto"}
        accept = "application/x-protobuf"
        return b"".join(self._clew.stream("GET", f"/traces/{trace}/export", params=asked, accept=accept))

    def _wait(self, what: str, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._tell(what, seconds - left, seconds)
            time.sleep(min(_POLL_S, left))

    def _arrived(self, span: Span) -> None:
        """Wait until Clew has stored what it has acknowledged of a time."""
        end = time.monotonic() + _STORED_S
        while time.monotonic() < end:
            asked = time.time_ns()
            if asked - self._clew.get("/status")["data"]["lag_s"] * 1e9 >= span.end_ns:
                return
            time.sleep(_POLL_S)


def _count(body: bytes) -> int:
    from opentelemetry.proto.trace.v1.trace_pb2 import TracesData  # noqa: PLC0415 - protobuf, for this command only

    data = TracesData.FromString(body)
    return sum(len(scope.spans) for group in data.resource_spans for scope in group.scope_spans)


def _not_written(path: Path, error: OSError) -> NotWrittenError:
    return NotWrittenError(path, error.strerror or str(error), full=error.errno in _FULL)
