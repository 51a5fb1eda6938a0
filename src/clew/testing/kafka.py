"""A real Kafka broker on a free port, for tests: one node, its own controller, data in a directory of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from clew.testing.running import NotRunningError, free_ports

_CLUSTER = "Y2xld2NsZXdjbGV3Y2xldw"
"""Any 16 bytes in base64."""
_POLL_S = 0.1
_START_S = 90.0
_STOP_S = 30.0


class RunningKafka:
    """`with RunningKafka(directory) as kafka:` gives `kafka.address`; topics are made when they are first used.

    Needs Java, and in `CLEW_TEST_KAFKA` the class path that `tools/kafka.sh` prints (marker `kafka`).
    """

    def __init__(self, directory: Path, *, classpath: str = "", options: Sequence[str] = ()) -> None:
        """Prepare a broker; nothing starts yet.

        Args:
            directory: holds data, configuration and log.
            classpath: of Apache Kafka 4; `CLEW_TEST_KAFKA` by default.
            options: more lines of its configuration, such as `num.partitions=3`.
        """
        self.directory = directory
        self.log_path = directory / "kafka.log"
        self.port, self._controller_port = free_ports(2)
        self.address = f"127.0.0.1:{self.port}"
        """What clients take as bootstrap server."""
        self._classpath = classpath or os.environ.get("CLEW_TEST_KAFKA", "")
        if not self._classpath:
            raise NotRunningError("no Kafka is known: export CLEW_TEST_KAFKA=$(tools/kafka.sh)")
        self._options = list(options)
        self._properties = directory / "server.properties"
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def start(self, *, wait_s: float = _START_S) -> None:
        """Start the broker, also one that was stopped or killed, and wait until it takes connections."""
        if not self._properties.exists():
            self._format()
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603
                self._java("kafka.Kafka", str(self._properties)), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        end = time.monotonic() + wait_s
        while not self._listens():
            if self.process.poll() is not None or time.monotonic() > end:
                self.kill()
                raise NotRunningError(f"Kafka did not start:\n{self.log()[-4000:]}")
            time.sleep(_POLL_S)

    def stop(self) -> int:
        """Send SIGTERM and return the exit code. Safe without start."""
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise NotRunningError(f"Kafka did not end:\n{self.log()[-4000:]}") from None

    def kill(self) -> None:
        """`kill -9`; safe twice and without start."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def log(self) -> str:
        """Return everything that it has printed."""
        with contextlib.suppress(FileNotFoundError):
            return self.log_path.read_text(errors="replace")
        return ""

    def _format(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        lines = [
            "process.roles=broker,controller",
            "node.id=1",
            f"controller.quorum.voters=1@127.0.0.1:{self._controller_port}",
            f"listeners=PLAINTEXT://{self.address},CONTROLLER://127.0.0.1:{self._controller_port}",
            f"advertised.listeners=PLAINTEXT://{self.address}",
            "controller.listener.names=CONTROLLER",
            "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            f"log.dirs={self.directory / 'data'}",
            "num.partitions=1",
            "offsets.topic.num.partitions=1",
            "offsets.topic.replication.factor=1",
            "transaction.state.log.num.partitions=1",
            "transaction.state.log.replication.factor=1",
            "transaction.state.log.min.isr=1",
            "group.initial.rebalance.delay.ms=0",
            *self._options,
        ]
        self._properties.write_text("\n".join(lines) + "\n")
        command = self._java("kafka.tools.StorageTool", "format", "-t", _CLUSTER, "-c", str(self._properties))
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            raise NotRunningError(f"Kafka's directory could not be formatted:\n{done.stdout}{done.stderr}")

    def _java(self, *arguments: str) -> list[str]:
        return ["java", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", self._classpath, *arguments]

    def _listens(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        return False
