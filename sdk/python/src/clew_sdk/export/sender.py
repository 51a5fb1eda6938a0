"""Requests to an OTLP/HTTP endpoint over one kept connection, with the standard library alone.

Which answers are worth another try, and how long to wait, is as OTLP's specification says (429, 502, 503, 504;
`Retry-After`).
"""

from __future__ import annotations

import gzip
import http.client
import random
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from urllib.parse import urlsplit

RETRYABLE = frozenset({429, 502, 503, 504})
TOO_LARGE = 413
GZIP_ABOVE = 1024
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 30.0


class Answer(Enum):
    """What the endpoint made of a request."""

    TAKEN = "taken"
    LATER = "later"
    """It may be sent again; nothing is known to be stored."""
    REFUSED = "refused"
    """It never will be taken."""
    TOO_LARGE = "too_large"


@dataclass(frozen=True)
class Told:
    """An answer, how long to wait before the next try, and why."""

    answer: Answer
    wait_s: float = 0.0
    why: str = ""


class HttpSender:
    """Posts bodies to one URL. Used by one thread at a time; a forked child must call `forget`."""

    def __init__(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 10.0,
        compress: bool = True,
        certificate: str | None = None,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(f"{url!r} is no http(s) address: use one such as http://127.0.0.1:4318/v1/traces")
        self.url = url
        self._secure = parts.scheme == "https"
        self._host, self._port = parts.hostname, parts.port
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._headers = {"Content-Type": "application/x-protobuf", "User-Agent": "clew-sdk-python", **(headers or {})}
        self._timeout_s = timeout_s
        self._compress = compress
        self._certificate = certificate
        self._connection: http.client.HTTPConnection | None = None
        self._failures = 0

    def send(self, body: bytes, *, timeout_s: float | None = None) -> Told:
        """Post one body; never raises for what the network or the endpoint does."""
        headers = self._headers
        if self._compress and len(body) > GZIP_ABOVE:
            body = gzip.compress(body, 1)
            headers = {**headers, "Content-Encoding": "gzip"}
        limit = self._timeout_s if timeout_s is None else min(timeout_s, self._timeout_s)
        reused = self._connection is not None
        try:
            told = self._post(body, headers, limit)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            if reused and isinstance(error, (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError)):
                return self._again(body, headers, limit)  # the endpoint had closed the idle connection
            return self._later(f"{type(error).__name__}: {error}")
        return told

    def _again(self, body: bytes, headers: Mapping[str, str], limit: float) -> Told:
        try:
            return self._post(body, headers, limit)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            return self._later(f"{type(error).__name__}: {error}")

    def _post(self, body: bytes, headers: Mapping[str, str], timeout_s: float) -> Told:
        connection = self._connection or self._connect(timeout_s)
        if connection.sock is not None:
            connection.sock.settimeout(timeout_s)
        connection.request("POST", self._path, body, dict(headers))
        response = connection.getresponse()
        text = response.read()
        if response.will_close:
            self.close()
        if 200 <= response.status < 300:  # noqa: PLR2004 - the range of success
            self._failures = 0
            return Told(Answer.TAKEN)
        why = f"{response.status} {response.reason}: {text[:200]!r}"
        if response.status in RETRYABLE:
            return self._later(why, response.headers.get("Retry-After"))
        return Told(Answer.TOO_LARGE if response.status == TOO_LARGE else Answer.REFUSED, why=why)

    def _connect(self, timeout_s: float) -> http.client.HTTPConnection:
        if self._secure:
            context = ssl.create_default_context(cafile=self._certificate)
            made: http.client.HTTPConnection = http.client.HTTPSConnection(
                self._host, self._port, timeout=timeout_s, context=context
            )
        else:
            made = http.client.HTTPConnection(self._host, self._port, timeout=timeout_s)
        self._connection = made
        return made

    def _later(self, why: str, asked: str | None = None) -> Told:
        self._failures += 1
        if asked is not None and asked.strip().isdigit():
            return Told(Answer.LATER, min(float(asked), LONGEST_WAIT_S), why)
        longest = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** min(self._failures - 1, 10))
        return Told(Answer.LATER, longest * random.uniform(0.5, 1.0), why)  # noqa: S311 - jitter, no secret

    def close(self) -> None:
        """Close the connection. Safe twice."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def forget(self) -> None:
        """Leave the connection to the parent, in a forked child: closing it would be heard by the endpoint."""
        self._connection = None
        self._failures = 0


def deadline(timeout_s: float) -> float:
    """Return the monotonic time at which a timeout ends."""
    return time.monotonic() + timeout_s
