"""CPU, memory, garbage collections and threads of this process as OTLP metrics."""

from __future__ import annotations

import gc
import os
import resource
import threading
import time
from collections.abc import Iterable

from opentelemetry.metrics import CallbackOptions, Meter, Observation


class ProcessMetrics:
    """Observes this process on a meter. Names are OpenTelemetry's (`process.*`, `cpython.gc.*`)."""

    def __init__(self, meter: Meter) -> None:
        self._pause_ns = 0
        self._began = 0
        gc.callbacks.append(self._collecting)
        meter.create_observable_counter("process.cpu.time", [self._cpu], "s", "CPU time by mode.")
        meter.create_observable_up_down_counter("process.memory.usage", [self._memory], "By", "Resident memory.")
        meter.create_observable_up_down_counter("process.thread.count", [self._threads], "{thread}", "Threads.")
        meter.create_observable_counter(
            "cpython.gc.collections", [self._collections], "{collection}", "Collections by generation."
        )
        meter.create_observable_counter("clew.gc.pause", [self._pauses], "s", "Time in garbage collections.")

    def close(self) -> None:
        """Stop listening to the garbage collector. Safe twice."""
        if self._collecting in gc.callbacks:
            gc.callbacks.remove(self._collecting)

    def _collecting(self, phase: str, _: dict[str, int]) -> None:
        if phase == "start":
            self._began = time.perf_counter_ns()
        else:
            self._pause_ns += time.perf_counter_ns() - self._began

    def _cpu(self, _: CallbackOptions) -> Iterable[Observation]:
        used = os.times()
        yield Observation(used.user, {"cpu.mode": "user"})
        yield Observation(used.system, {"cpu.mode": "system"})

    def _memory(self, _: CallbackOptions) -> Iterable[Observation]:
        yield Observation(resident_bytes())

    def _threads(self, _: CallbackOptions) -> Iterable[Observation]:
        yield Observation(threading.active_count())

    def _collections(self, _: CallbackOptions) -> Iterable[Observation]:
        for generation, told in enumerate(gc.get_stats()):
            yield Observation(told["collections"], {"cpython.gc.generation": generation})

    def _pauses(self, _: CallbackOptions) -> Iterable[Observation]:
        yield Observation(self._pause_ns / 1e9)


def resident_bytes() -> int:
    """Return the resident memory of this process; its peak where the system does not tell the current one."""
    try:
        with open("/proc/self/statm", "rb") as file:  # noqa: PTH123 - on every collection
            return int(file.read().split()[1]) * resource.getpagesize()
    except (OSError, ValueError, IndexError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
