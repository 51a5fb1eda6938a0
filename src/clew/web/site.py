"""The ASGI application of the UI: files by name, and the one page for every other address."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any, Protocol

import structlog

from clew.web.assets import INDEX, STATIC, Asset, load
from clew.web.headers import IMMUTABLE, REVALIDATE, SECURITY
from clew.web.negotiate import coding_for, matches

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_NOT_MODIFIED = 304
_NOT_UI = ("api", "assets", "healthz", "metrics", "readyz")
_NOT_BUILT = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Clew: the UI is not built</title></head><body>
<h1>The UI is not built</h1>
<p>Clew runs and takes telemetry; the API is at <a href="api/v1/status">/api/v1</a>.
This installation has no UI files.</p>
<p>In a clone run <code>make ui</code> (it needs Node.js) and load this page again, or install the released package.</p>
</body></html>
"""
_log = structlog.get_logger(__name__)


class _Mountable(Protocol):
    def mount(self, path: str, app: Any, name: str | None = None) -> None:
        """Serve `app` under `path`."""


def mount(app: _Mountable, directory: Path = STATIC) -> Site:
    """Serve the UI from every address that `app` has no route for; call it after all routes are added."""
    site = Site(directory)
    app.mount("/", site, name="ui")
    return site


class Site:
    """Serves a directory of built files. Without one, a page says how to build it, and one warning is logged."""

    def __init__(self, directory: Path = STATIC) -> None:
        self._directory = directory
        self._stamp = 0
        self._assets: dict[str, Asset] = {}
        self._refresh()
        if not self.built:
            _log.warning("the UI is not built, serving the API only; `make ui` builds it", directory=str(directory))

    @property
    def built(self) -> bool:
        """Whether there is a UI to serve."""
        return bool(self._assets)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        """Answer one HTTP request."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
            return
        method = scope["method"]
        status, headers, body = self._answer(method, self._path(scope), _headers(scope))
        length = [] if status == _NOT_MODIFIED else [("content-length", str(len(body)))]
        all_headers = [*headers, *length, *SECURITY]
        raw = [(name.encode("ascii"), value.encode("latin-1")) for name, value in all_headers]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})

    def _answer(self, method: str, path: str, request: dict[str, str]) -> tuple[int, list[tuple[str, str]], bytes]:
        if method not in {"GET", "HEAD"}:
            return _problem(405, "Method Not Allowed", "The UI is read with GET.", [("allow", "GET, HEAD")])
        if path.split("/", 1)[0] in _NOT_UI and path not in self._assets:
            return _problem(404, "Not Found", f"Nothing is at /{path[:200]}.", [])
        name = path or INDEX
        if name == INDEX or name not in self._assets:
            if Path(name).suffix and name != INDEX and "text/html" not in request.get("accept", ""):
                return _problem(404, "Not Found", f"Nothing is at /{path[:200]}.", [])
            self._refresh()
            name = INDEX
        asset = self._assets.get(name)
        if asset is None:
            return (
                503,
                [("content-type", "text/html; charset=utf-8"), ("cache-control", "no-store")],
                _NOT_BUILT.encode(),
            )
        return _serve(asset, request)

    def _path(self, scope: Message) -> str:
        path: str = scope["path"]
        return path.removeprefix(scope.get("root_path", "")).lstrip("/")

    def _refresh(self) -> None:
        """Read the files again when the build has replaced them; the page's time says so."""
        try:
            stamp = (self._directory / INDEX).stat().st_mtime_ns
        except OSError:
            stamp = 0
        if stamp != self._stamp:
            self._stamp = stamp
            self._assets = load(self._directory)


def _serve(asset: Asset, request: dict[str, str]) -> tuple[int, list[tuple[str, str]], bytes]:
    coding = coding_for(request.get("accept-encoding", ""), asset.bodies)
    etag = asset.etags[coding]
    headers = [
        ("content-type", asset.media_type),
        ("cache-control", IMMUTABLE if asset.immutable else REVALIDATE),
        ("etag", etag),
        ("vary", "accept-encoding"),
    ]
    if coding != "identity":
        headers.append(("content-encoding", coding))
    if matches(request.get("if-none-match", ""), etag):
        return _NOT_MODIFIED, headers, b""
    return 200, headers, asset.bodies[coding]


def _problem(
    status: int, title: str, detail: str, headers: list[tuple[str, str]]
) -> tuple[int, list[tuple[str, str]], bytes]:
    body = json.dumps({"type": "about:blank", "title": title, "status": status, "detail": detail}).encode()
    return status, [("content-type", "application/problem+json"), ("cache-control", "no-store"), *headers], body


def _headers(scope: Message) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
