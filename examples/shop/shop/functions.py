"""The platform of the billing function: takes orders from the queue and runs each in a process, warm or cold.

An idle process serves the next order. With none idle a new one is started, and the order waits for its start: the cold
start. `warm` processes are started ahead and warmed up by an invocation of their own. While the fault `cold-starts` is
on, a process beyond these is thrown away after its first order, as platforms do that reclaim what is idle for a moment.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import IO

from shop.queue import POLL_S, Broker, Message

TOPIC, GROUP = "order.placed", "billing"
MOST = 4
"""Processes at one time, and so orders that are settled at once."""
IDLE_S = 60.0
_RETRY_AFTER_S = 1.0


class Worker:
    """One process of the function."""

    def __init__(self, command: list[str], environ: dict[str, str], log: Path) -> None:
        with log.open("ab") as errors:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=environ,
                cwd=environ["SHOP_RUN"],
                start_new_session=True,
                text=True,
            )
        self.name = environ["SHOP_INSTANCE"]
        self.pid = self._process.pid
        self.warm = False
        self.orders = 0
        self.idle_since = time.monotonic()

    def invoke(self, system: str, message: Message) -> bool:
        """Run one invocation to its end; returns whether it went well."""
        try:
            self._pipe(self._process.stdin).write(json.dumps({"system": system, "message": asdict(message)}) + "\n")
            self._pipe(self._process.stdin).flush()
            line = self._pipe(self._process.stdout).readline()
        except OSError:
            line = ""
        self.warm, self.idle_since = True, time.monotonic()
        return bool(line) and bool(json.loads(line)["ok"])

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def end(self) -> None:
        """Let it finish and end."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    @staticmethod
    def _pipe(pipe: IO[str] | None) -> IO[str]:
        if pipe is None:
            raise BrokenPipeError
        return pipe


class Functions:
    """Keeps the processes and hands them orders, in a thread of its own."""

    def __init__(
        self, broker: Broker, start: Callable[[int], Worker], *, warm: Callable[[], int], reclaims: Callable[[], bool]
    ) -> None:
        """Prepare; nothing runs yet.

        Args:
            broker: where orders come from.
            start: starts the process with this number.
            warm: how many processes to keep started ahead.
            reclaims: asked after each order whether its process is thrown away.
        """
        self._broker = broker
        self._start = start
        self._warm = warm
        self._reclaims = reclaims
        self._idle: list[Worker] = []
        self._busy: set[Worker] = set()
        self._started = 0
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="functions", daemon=True)

    def start(self) -> None:
        """Begin to take orders."""
        self._thread.start()

    def stop(self) -> None:
        """Take no more orders and end all processes. Safe without start."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(10)
        end = time.monotonic() + 5
        while self._busy and time.monotonic() < end:
            time.sleep(POLL_S)
        for worker in self.workers():
            worker.end()

    def workers(self) -> list[Worker]:
        """Return the processes there are now."""
        with self._lock:
            return [*self._idle, *self._busy]

    def reclaim(self) -> None:
        """Throw away the processes that have served an order."""
        with self._lock:
            used = [one for one in self._idle if one.orders]
            self._idle = [one for one in self._idle if not one.orders]
        for worker in used:
            worker.end()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._tend()
            with self._lock:
                full = len(self._busy) >= MOST
            message = None if full else self._broker.take(TOPIC, GROUP)
            if message is None:
                self._stopping.wait(POLL_S)
                continue
            self._hand_over(self._any_worker(), message)

    def _any_worker(self) -> Worker:
        """Return an idle process, a warm one first, or start one."""
        with self._lock:
            self._idle.sort(key=lambda one: one.warm)
            worker = self._idle.pop() if self._idle else self._begin()
            self._busy.add(worker)
        return worker

    def _begin(self) -> Worker:
        self._started += 1
        return self._start(self._started)

    def _tend(self) -> None:
        """Throw away what ended or was idle too long, and start what shall be warm."""
        warm = self._warm()
        with self._lock:
            old = time.monotonic() - IDLE_S
            gone = [one for one in self._idle if not one.alive or (one.idle_since < old and len(self._idle) > warm)]
            self._idle = [one for one in self._idle if one not in gone]
            new = [self._begin() for _ in range(warm - len(self._idle) - len(self._busy))]
            self._busy.update(new)
        for worker in gone:
            worker.end()
        for worker in new:
            self._hand_over(worker, _warm_up())

    def _hand_over(self, worker: Worker, message: Message) -> None:
        threading.Thread(target=self._invoke, args=(worker, message), daemon=True).start()

    def _invoke(self, worker: Worker, message: Message) -> None:
        ok = worker.invoke(self._broker.system, message)
        order = message.topic == TOPIC
        worker.orders += order
        if order and ok:
            self._broker.done(message)
        elif order:
            self._broker.again(message, _RETRY_AFTER_S * message.attempt)
        reclaimed = order and self._reclaims()
        with self._lock:
            beyond = len(self._idle) + len(self._busy) > self._warm()
            throw = (reclaimed and beyond) or not worker.alive
            self._busy.discard(worker)
            if not throw:
                self._idle.append(worker)
        if throw:
            worker.end()


def _warm_up() -> Message:
    return Message("warm-up", "warm-up", GROUP, {}, {}, 1, time.time_ns())
