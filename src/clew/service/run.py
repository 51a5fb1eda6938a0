"""Run a node until a signal ends it."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import structlog
import uvloop

from clew.config import Config
from clew.service.memory import share_heaps
from clew.service.node import Node
from clew.service.reload import Reload
from clew.telemetry import configure_logs

_log = structlog.get_logger(__name__)
_SWITCH_S = 0.001
"""How long a thread may keep the interpreter while another wants it; the event loop answers between two slices."""
_GC_THRESHOLDS = (20_000, 20, 50)
_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_SIGNAL_EXIT = 128
_OTHERS = {"listen.tempo": "Tempo (for Grafana)", "listen.jaeger_http": "Jaeger", "listen.zipkin": "Zipkin"}
"""Read APIs of other systems, by the key of their port."""


class Companion(Protocol):
    """Something that runs beside a node, such as the demo application."""

    def start(self, otlp_http_url: str) -> None:
        """Start it once the node takes spans."""

    def stop(self) -> None:
        """End it before the node stops."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the configuration came from, to be read again when the file changes."""

    path: Path
    read: Callable[[], Config]


def run(config: Config, companion: Companion | None = None, source: Source | None = None) -> int:
    """Run until SIGTERM or Ctrl-C, then drain; returns the exit code.

    Args:
        config: what to run.
        companion: what runs beside it.
        source: followed while it runs: what can change takes effect.

    Raises:
        ClewError: Clew cannot start; nothing is left running.
    """
    configure_logs(config.telemetry)
    share_heaps()
    sys.setswitchinterval(_SWITCH_S)
    gc.set_threshold(*_GC_THRESHOLDS)
    return uvloop.run(_main(config, companion, source))


async def _main(config: Config, companion: Companion | None, source: Source | None) -> int:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, _end, ended, number)
    node = Node(config)
    starting = asyncio.ensure_future(node.start())
    waiting = asyncio.ensure_future(ended.wait())
    await asyncio.wait({starting, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        starting.cancel()
    try:
        await starting
    except asyncio.CancelledError:
        return 0
    gc.collect()
    gc.freeze()
    _greet(config, node, companion)
    following = Reload(source.path, source.read, config, [node.sampling.apply]) if source else None
    if following is not None:
        following.start()
    await waiting
    if following is not None:
        await following.stop()
    _log.info("stopping: no more requests are taken, what was acknowledged is stored")
    if companion is not None:
        await asyncio.to_thread(companion.stop)
    await node.stop()
    _log.info("stopped")
    return 0


def _end(ended: asyncio.Event, number: int) -> None:
    """Begin to stop; the second signal ends the process at once: what was acknowledged is in the journal."""
    if ended.is_set():
        os._exit(_SIGNAL_EXIT + number)
    ended.set()


def _greet(config: Config, node: Node, companion: Companion | None) -> None:
    """Say where things are, for people on standard output and in the log."""
    listen = config.listen
    url = f"http://{_shown(listen.ui.host)}:{node.ports['listen.ui']}"
    http_port, grpc_port = node.ports["listen.otlp_http"], node.ports["listen.otlp_grpc"]
    otlp_http = f"http://{_shown(listen.otlp_http.host)}:{http_port}"
    others = [f"{name} on {node.ports[key]}" for key, name in _OTHERS.items() if key in node.ports]
    reading = f"  Read APIs: {', '.join(others)}\n" if others else ""
    _log.info("ready", url=url, data_dir=str(config.data_dir), ports=dict(node.ports))
    sys.stdout.write(
        f"\n  Clew is at {url}\n"
        f"  OTLP/HTTP on {http_port}, OTLP/gRPC on {grpc_port}, data in {config.data_dir}\n"
        f"{reading}"
        "  Ctrl-C ends it.\n\n"
    )
    sys.stdout.flush()
    if companion is not None:
        companion.start(otlp_http)
        sys.stdout.write("  The demo application is sending traces.\n\n")
        sys.stdout.flush()


def _shown(host: str) -> str:
    """Return the host as it is typed into a browser."""
    if host in {"0.0.0.0", "::", ""}:  # noqa: S104 - compared, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
