"""How a service in Python starts, logs, finds others and ends."""

from __future__ import annotations

import itertools
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

if TYPE_CHECKING:
    from flask import Flask
    from requests import PreparedRequest, Response, Session

TIMEOUT_S = 10.0
THREADS = 8
PORT_WITHIN_S = 10.0
_FORMAT = "%(asctime)s %(levelname)s %(name)s trace=%(trace_id)s span=%(span_id)s %(message)s"


class NoAddressError(Exception):
    """A service that was asked for is not part of this shop."""


def environ(name: str) -> str:
    """Return what `launch` has told this process, such as `environ("VERSION")`."""
    return os.environ[f"SHOP_{name}"]


def addresses(service: str) -> list[str]:
    """Return `HOST:PORT` of each instance of a service; empty where the shop has none."""
    told = os.environ.get(f"SHOP_ADDRESS_{service.upper().replace('-', '_')}", "")
    return told.split(",") if told else []


def begin() -> logging.Logger:
    """Set up the log, and the end: SIGTERM or the end of standard input ends the process as Ctrl-C would."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter(_FORMAT, defaults={"trace_id": "", "span_id": ""}))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole terminal; the supervisor says when
    if not os.isatty(0) and environ("SERVICE") != "billing":
        threading.Thread(target=_watch_supervisor, daemon=True).start()
    return logging.getLogger(environ("SERVICE"))


def _end(*_: object) -> None:
    sys.exit(0)


def _watch_supervisor() -> None:
    """End with the supervisor, however that ended: it holds the other end of standard input."""
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def application(name: str) -> Flask:
    """Return an application whose errors are JSON too."""
    from flask import Flask  # noqa: PLC0415 - workers have no use for it

    app = Flask(name, static_folder=None)
    app.before_request(_measure_headers)
    app.register_error_handler(500, lambda _error: ({"error": f"{name} has failed"}, 500))
    return app


def _measure_headers() -> None:
    """Say on the span how long the headers of its request are."""
    from flask import request  # noqa: PLC0415 - see application
    from opentelemetry import trace  # noqa: PLC0415 - not every service is traced

    length = sum(len(key) + len(value) + 4 for key, value in request.headers)
    trace.get_current_span().set_attribute("http.request.header_bytes", length)


def serve(app: Flask) -> None:
    """Answer HTTP until the process is told to end."""
    from waitress import serve as wait_for_requests  # noqa: PLC0415 - workers have no use for it

    begin()
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    wait_for_requests(app, sockets=[listen()], threads=THREADS, ident=None, _quiet=True)


def listen() -> socket.socket:
    """Return a socket that listens on this instance's port, once the instance before has let go of it.

    Raises:
        OSError: it does not in ten seconds.
    """
    end = time.monotonic() + PORT_WITHIN_S
    while True:
        made = socket.socket()
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            made.bind(("127.0.0.1", int(environ("PORT"))))
            made.listen(128)
        except OSError:
            made.close()
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
        else:
            return made


def client(
    *, drops_context: Callable[[], bool] = lambda: False, detour: Callable[[str], str] = lambda _name: ""
) -> Session:
    """Return a session in which `http://catalogue/products` finds an instance of the catalogue, each in its turn.

    Args:
        drops_context: asked for each request whether to send it without the headers of tracing.
        detour: asked for each request, by the service's name, for another address than that of an instance.
    """
    import requests  # noqa: PLC0415 - not every service calls others
    from requests.adapters import HTTPAdapter  # noqa: PLC0415

    class ByName(HTTPAdapter):
        """Looks up services by their names, below the instrumentation: spans have the names."""

        def __init__(self) -> None:
            super().__init__(pool_connections=32, pool_maxsize=THREADS)
            self._turns: dict[str, Iterator[str]] = {}

        def send(self, request: PreparedRequest, *args: Any, **options: Any) -> Response:
            parts = urlsplit(request.url or "")
            name = str(parts.hostname)
            request.headers["Host"] = name
            if drops_context():
                for header in ("traceparent", "tracestate", "baggage"):
                    request.headers.pop(header, None)
            other = detour(name)
            if other:
                request.headers["Connection"] = "close"  # the next request asks again for its way
            request.url = str(urlunsplit((parts.scheme, other or self._next(name), parts.path, parts.query, "")))
            options["timeout"] = options.get("timeout") or TIMEOUT_S
            return super().send(request, *args, **options)

        def _next(self, name: str) -> str:
            if name not in self._turns:
                known = addresses(name)
                if not known:
                    raise NoAddressError(name)
                self._turns[name] = itertools.cycle(known)
            return next(self._turns[name])

    session = requests.Session()
    session.trust_env = False
    for scheme in ("http://", "https://"):
        session.mount(scheme, ByName())
    return session
