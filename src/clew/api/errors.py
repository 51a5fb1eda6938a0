"""Why the API refuses a request before any read.

ClewError
+-- HostDeniedError      the Host header names another machine
+-- OriginDeniedError    a page of another origin makes the request
+-- NotAcceptableError   none of the formats asked for exists
+-- TenantDeniedError    a header names another tenant than the token's
"""

from __future__ import annotations

from typing import ClassVar

from clew.model.errors import ClewError


class HostDeniedError(ClewError):
    """The request names a host that this listener does not serve: a rebinding attack, or a proxy."""

    code: ClassVar[str] = "host_denied"
    http_status: ClassVar[int] = 403
    grpc_status: ClassVar[str] = "PERMISSION_DENIED"
    hint = "Use http://localhost or http://127.0.0.1, or listen on a public address with tokens."

    def __init__(self, host: str) -> None:
        super().__init__(f"host {host!r} is not served here")
        self.host = host


class OriginDeniedError(ClewError):
    """A web page of another origin sent the request."""

    code: ClassVar[str] = "origin_denied"
    http_status: ClassVar[int] = 403
    grpc_status: ClassVar[str] = "PERMISSION_DENIED"
    hint = "Add the origin to cors.origins if its pages may read traces."

    def __init__(self, origin: str) -> None:
        super().__init__(f"origin {origin!r} may not call this API")
        self.origin = origin


class NotAcceptableError(ClewError):
    """The route has none of the formats that were asked for."""

    code: ClassVar[str] = "not_acceptable"
    http_status: ClassVar[int] = 406
    grpc_status: ClassVar[str] = "INVALID_ARGUMENT"

    def __init__(self, accept: str, known: str) -> None:
        super().__init__(f"Accept {accept[:80]!r} is not available", hint=f"ask for {known}")
        self.accept = accept


class TenantDeniedError(ClewError):
    """The request names a tenant that it may not read."""

    code: ClassVar[str] = "tenant_denied"
    http_status: ClassVar[int] = 403
    grpc_status: ClassVar[str] = "PERMISSION_DENIED"

    def __init__(self, asked: str, tenant: str) -> None:
        super().__init__(
            f"X-Scope-OrgID {asked[:80]!r} is not the tenant of this caller, which is {tenant!r}",
            hint="Leave X-Scope-OrgID out: the bearer token decides whose data is read. Use that tenant's token.",
        )
        self.asked = asked
        self.tenant = tenant
