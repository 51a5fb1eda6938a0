"""Sends prepared requests at a rate or flat out, and measures what comes back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from clew.testing.send import Sender
from clew.testing.traces import Prepared


@dataclass(slots=True)
class LoadReport:
    """What has been sent and acknowledged."""

    requests: int = 0
    spans_sent: int = 0
    spans_acked: int = 0
    spans_rejected: int = 0
    refused: int = 0
    """Answers that refused a request."""
    retries: int = 0
    failed: int = 0
    """Requests given up: refused for good, or the connection failed."""
    elapsed_s: float = 0.0
    last_error: str = ""
    waits_s: list[float] = field(default_factory=list)
    """Time from sending to acknowledgement, per acknowledged request."""

    @property
    def acked_per_s(self) -> float:
        """Acknowledged spans per second."""
        return self.spans_acked / self.elapsed_s if self.elapsed_s else 0.0

    def ack_ms(self, quantile: float) -> float:
        """Return a quantile of the time to acknowledgement in milliseconds."""
        return float(np.quantile(self.waits_s, quantile) * 1e3) if self.waits_s else 0.0

    def summary(self) -> dict[str, float | int | str]:
        """Return the figures that `clew load --json` prints."""
        return {
            "requests": self.requests,
            "spans_sent": self.spans_sent,
            "spans_acked": self.spans_acked,
            "spans_rejected": self.spans_rejected,
            "acked_spans_per_s": round(self.acked_per_s, 1),
            "ack_p50_ms": round(self.ack_ms(0.5), 3),
            "ack_p99_ms": round(self.ack_ms(0.99), 3),
            "refused": self.refused,
            "retries": self.retries,
            "failed": self.failed,
            "elapsed_s": round(self.elapsed_s, 3),
            "last_error": self.last_error,
        }


@dataclass(slots=True)
class Load:
    """One run: workers take requests in turn, each with a sender of its own."""

    requests: Iterator[Prepared]
    connect: Callable[[], Sender]
    concurrency: int = 8
    rate: float = 0.0
    """Spans per second; 0 is flat out."""
    seconds: float = 0.0
    """End after this long; 0 is when the requests end."""
    give_up_s: float = 60.0
    """How long one request is tried again while it is refused."""
    stop_on_failure: bool = False
    """End the run at the first connection that fails; one that fails before any answer ends it anyway."""
    on_ack: Callable[[Prepared], None] | None = None
    on_send: Callable[[Prepared], None] | None = None
    report: LoadReport = field(default_factory=LoadReport)
    _began: float = 0.0
    _stopped: bool = False

    async def run(self) -> LoadReport:
        """Send until the requests or the time end; returns the report, which also grows while it runs."""
        self._began = time.perf_counter()
        await asyncio.gather(*(self._work() for _ in range(self.concurrency)))
        self.report.elapsed_s = time.perf_counter() - self._began
        return self.report

    def stop(self) -> None:
        """End the run after the requests under way."""
        self._stopped = True

    async def _work(self) -> None:
        sender = self.connect()
        try:
            while (prepared := await self._next()) is not None:
                await self._deliver(sender, prepared)
        finally:
            await sender.close()

    async def _next(self) -> Prepared | None:
        """Return the next request when its time has come, `None` at the end."""
        if self._over():
            return None
        prepared = next(self.requests, None)
        if prepared is None:
            return None
        report = self.report
        due = self._began + (report.spans_sent / self.rate if self.rate else 0.0)
        report.requests += 1
        report.spans_sent += prepared.spans
        if (wait := due - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
            if self._over():
                report.requests -= 1
                report.spans_sent -= prepared.spans
                return None
        return prepared

    def _over(self) -> bool:
        return self._stopped or bool(self.seconds and time.perf_counter() - self._began >= self.seconds)

    async def _deliver(self, sender: Sender, prepared: Prepared) -> None:
        """Send until acknowledged, refused for good, or given up."""
        report = self.report
        if self.on_send is not None:
            self.on_send(prepared)
        first = time.perf_counter()
        while True:
            began = time.perf_counter()
            try:
                answer = await sender.send(prepared.body)
            except OSError as error:
                report.failed += 1
                report.last_error = str(error)
                self._stopped |= self.stop_on_failure or not (report.spans_acked or report.refused)
                await asyncio.sleep(0 if self._stopped else 0.2)
                return
            if answer.ok:
                report.waits_s.append(time.perf_counter() - began)
                report.spans_acked += prepared.spans - answer.rejected
                report.spans_rejected += answer.rejected
                if self.on_ack is not None:
                    self.on_ack(prepared)
                return
            report.refused += 1
            report.last_error = answer.message
            if answer.retry_after_s is None or time.perf_counter() - first > self.give_up_s or self._stopped:
                report.failed += 1
                return
            report.retries += 1
            await asyncio.sleep(answer.retry_after_s)
