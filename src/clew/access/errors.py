"""Why somebody is not let in.

ClewError
+-- AuthError
|   +-- MissingTokenError     401, no token was sent
|   +-- InvalidTokenError     401, the token is none of ours
|   +-- ScopeDeniedError      403, the token does not allow this
+-- TokenFileError            a configured token file cannot be read; Clew does not start
"""

from __future__ import annotations

from typing import ClassVar

from clew.model.errors import ClewError


class AuthError(ClewError):
    """The request is not allowed; sending it again does not help."""

    code: ClassVar[str] = "unauthenticated"
    http_status: ClassVar[int] = 401
    grpc_status: ClassVar[str] = "UNAUTHENTICATED"


class MissingTokenError(AuthError):
    """Tokens are configured and the request has none."""

    code: ClassVar[str] = "token_missing"
    hint = "send `Authorization: Bearer TOKEN`; for an SDK set OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20TOKEN"

    def __init__(self) -> None:
        super().__init__("a bearer token is needed and none was sent")


class InvalidTokenError(AuthError):
    """The token sent is none of the configured ones."""

    code: ClassVar[str] = "token_invalid"
    hint = "check the token against `tokens` in the configuration"

    def __init__(self, problem: str = "the bearer token is unknown") -> None:
        super().__init__(problem)


class ScopeDeniedError(AuthError):
    """The token is known and does not allow what was asked."""

    code: ClassVar[str] = "scope_denied"
    http_status: ClassVar[int] = 403
    grpc_status: ClassVar[str] = "PERMISSION_DENIED"

    def __init__(self, name: str, scope: str) -> None:
        super().__init__(
            f"token {name} does not allow {scope}",
            hint=f"add {scope} to the scopes of token {name}, or use another token",
        )
        self.name = name
        self.scope = scope


class TokenFileError(ClewError):
    """A configured token file cannot be used."""

    code: ClassVar[str] = "token_file"

    def __init__(self, name: str, path: str, problem: str) -> None:
        super().__init__(
            f"token {name}: token_file {path}: {problem}",
            hint="put the token on the first line of a file that Clew may read",
        )
        self.name = name
        self.path = path
