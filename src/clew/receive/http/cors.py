"""Cross-origin rules of OTLP/HTTP, for browsers that send telemetry (Fetch standard, CORS protocol)."""

from __future__ import annotations

import re
from typing import ClassVar

from clew.config import CorsConfig
from clew.receive.errors import PermanentError

_ALWAYS = frozenset(
    {"accept", "authorization", "baggage", "content-encoding", "content-type", "traceparent", "tracestate"}
)


class OriginRefusedError(PermanentError):
    """A browser asked whether another origin may send, and it may not."""

    code: ClassVar[str] = "origin_refused"
    http_status: ClassVar[int] = 403
    grpc_status: ClassVar[str] = "PERMISSION_DENIED"

    def __init__(self, origin: str) -> None:
        super().__init__(f"origin {origin[:200]} may not send from a browser", hint="add it to cors.origins")
        self.origin = origin


class Cors:
    """The compiled rules."""

    def __init__(self, config: CorsConfig) -> None:
        patterns = ["[^/]*".join(re.escape(part) for part in origin.split("*")) for origin in config.origins]
        self._origins = re.compile("|".join(patterns), re.IGNORECASE) if patterns else None
        if "*" in config.origins:
            self._origins = re.compile(".*")
        self._any_header = "*" in config.headers
        self._headers = _ALWAYS | {name.lower() for name in config.headers}
        self._max_age_s = config.max_age_s

    def allows(self, origin: str) -> bool:
        """Return whether `origin` may send."""
        return self._origins is not None and self._origins.fullmatch(origin) is not None

    def headers(self, origin: str) -> tuple[tuple[str, str], ...]:
        """Return what every answer to a request from `origin` carries; nothing when it is empty or not allowed."""
        if not origin:
            return ()
        if not self.allows(origin):
            return (("Vary", "Origin"),)
        return (
            ("Access-Control-Allow-Origin", origin),
            ("Access-Control-Expose-Headers", "Retry-After"),
            ("Vary", "Origin"),
        )

    def preflight(self, origin: str, headers: str, *, private_network: bool) -> tuple[tuple[str, str], ...]:
        """Return the answer to a preflight.

        Args:
            origin: value of `Origin`.
            headers: value of `Access-Control-Request-Headers`.
            private_network: whether a public page asks to reach a private address.

        Raises:
            OriginRefusedError: the origin is not allowed.
        """
        if not self.allows(origin):
            raise OriginRefusedError(origin)
        asked = [name.strip().lower() for name in headers.split(",") if name.strip()]
        allowed = asked if self._any_header else [name for name in asked if name in self._headers]
        answer = [
            ("Access-Control-Allow-Origin", origin),
            ("Access-Control-Allow-Methods", "POST"),
            ("Access-Control-Max-Age", str(self._max_age_s)),
            ("Vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"),
        ]
        if allowed:
            answer.append(("Access-Control-Allow-Headers", ", ".join(allowed)))
        if private_network:
            answer.append(("Access-Control-Allow-Private-Network", "true"))
        return tuple(answer)
