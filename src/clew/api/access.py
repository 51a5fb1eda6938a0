"""Who may call: the Host and Origin of every request, and a bearer token or the session cookie for reading."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from fastapi import Depends, Request

from clew.api.deps import ApiDeps, Principal
from clew.api.errors import HostDeniedError, OriginDeniedError

COOKIE = "clew_session"


def deps_of(request: Request) -> ApiDeps:
    """Return what `create_app` was given."""
    deps: ApiDeps = request.app.state.deps
    return deps


def check_caller(deps: ApiDeps, host: str, origin: str | None, scheme: str) -> None:
    """Refuse requests under a foreign host name, and those from pages of another origin.

    Raises:
        HostDeniedError: possibly DNS rebinding.
        OriginDeniedError: the page is not ours and not allowed.
    """
    name = urlsplit(f"//{host}").hostname or ""
    if deps.allowed_hosts is not None and name not in deps.allowed_hosts:
        raise HostDeniedError(host[:200])
    if origin is not None and origin != f"{scheme}://{host}" and origin not in deps.allowed_origins:
        raise OriginDeniedError(origin[:200])


async def reading(request: Request) -> Principal:
    """Return who reads."""
    return _caller(request, "read")


async def changing(request: Request) -> None:
    """Let only those delete, back up and retry whose token may read and send: reading alone changes nothing."""
    _caller(request, "read")
    _caller(request, "ingest")


def _caller(request: Request, scope: Literal["ingest", "read"]) -> Principal:
    """Return who calls, if that is allowed; a bearer token comes before the cookie."""
    authenticator = deps_of(request).authenticator
    cookie, header = request.cookies.get(COOKIE), request.headers.get("authorization")
    if cookie and not header:
        return authenticator.authenticate_token(cookie, scope)
    return authenticator.authenticate(header, scope)


Reading = Annotated[Principal, Depends(reading)]
Deps = Annotated[ApiDeps, Depends(deps_of)]
