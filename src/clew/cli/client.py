"""The API of a running Clew as the command line uses it; plain `http.client`, since start-up time counts."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from clew.cli.errors import AnswerError, UnreachableError, UsageError

_OK = 300
_UNAUTHORIZED = 401
_HOW_TO_SEND_ONE = "pass a token of this Clew with --token, or set CLEW_TOKEN"
_PIECE = 1 << 20


class Client:
    """Requests to one Clew."""

    def __init__(self, url: str, token: str = "", *, timeout_s: float = 60.0) -> None:
        parts = urlsplit(url if "//" in url else f"http://{url}")
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise UsageError(f"--url {url} is no address of Clew", hint="write it like http://127.0.0.1:4319")
        self.url = url
        self._https = parts.scheme == "https"
        self._host = parts.hostname
        self._port = parts.port
        self._base = parts.path.rstrip("/")
        self._timeout_s = timeout_s
        self._headers = {"accept": "application/json", **({"authorization": f"Bearer {token}"} if token else {})}

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """Return the JSON answer of GET /api/v1<path>."""
        return self.request("GET", path, params=params)

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Return the JSON answer of POST /api/v1<path>."""
        return self.request("POST", path, body=body or {})

    def request(
        self, method: str, path: str, *, params: Mapping[str, Any] | None = None, body: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the JSON answer, `None` when it is empty.

        Raises:
            UnreachableError: nobody answers.
            AnswerError: a problem came back.
        """
        data = b"".join(self.stream(method, path, params=params, body=body))
        return json.loads(data) if data else None

    def stream(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        accept: str = "application/json",
    ) -> Iterator[bytes]:
        """Yield the body of the answer as it comes. Raises as `request` does."""
        kind = http.client.HTTPSConnection if self._https else http.client.HTTPConnection
        connection = kind(self._host, self._port, timeout=self._timeout_s)
        given = {key: value for key, value in (params or {}).items() if value is not None}
        target = f"{self._base}/api/v1{path}" + (f"?{urlencode(given)}" if given else "")
        headers = {**self._headers, "accept": accept}
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["content-type"] = "application/json"
        try:
            connection.request(method, target, data, headers)
            answer = connection.getresponse()
            if answer.status >= _OK:
                raise _problem(answer.status, answer.read())
            while piece := answer.read(_PIECE):
                yield piece
        except (OSError, http.client.HTTPException) as error:
            raise UnreachableError(self.url, str(error) or type(error).__name__) from None
        finally:
            connection.close()


def _problem(status: int, body: bytes) -> AnswerError:
    """Return the error for a problem document, or for whatever else came."""
    try:
        told = json.loads(body)
        detail, hint = str(told["detail"] or told["title"]), str(told.get("hint") or "")
        if status == _UNAUTHORIZED:
            hint = _HOW_TO_SEND_ONE  # what an SDK has to set is of no use here
        return AnswerError(status, str(told["code"]), detail, hint, told.get("errors") or ())
    except (ValueError, KeyError, TypeError):
        text = body[:200].decode(errors="replace").strip()
        return AnswerError(status, f"http_{status}", f"HTTP {status}: {text}", "is this the address of Clew's UI port?")
