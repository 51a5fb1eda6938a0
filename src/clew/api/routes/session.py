"""The browser's session: a token once, then a cookie that scripts cannot read."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from clew.api.access import COOKIE, Deps, Reading
from clew.api.deps import ApiDeps, Principal
from clew.api.models import Envelope
from clew.api.models.meta import Meta
from clew.api.models.status import Session, SessionRequest

router = APIRouter(prefix="/session", tags=["session"])

AGE_S = 30 * 86_400


@router.get("", response_model=Envelope[Session], summary="Who is signed in")
async def get_session(principal: Reading, deps: Deps) -> Response:
    """Return the name and tenant behind the credentials of this request."""
    return _answer(deps, principal)


@router.post("", response_model=Envelope[Session], summary="Sign in")
async def sign_in(body: SessionRequest, deps: Deps) -> Response:
    """Check a token with scope `read` and keep it in the cookie `clew_session`."""
    principal = deps.authenticator.authenticate_token(body.token, "read")
    response = _answer(deps, principal)
    response.set_cookie(
        COOKIE, body.token, max_age=AGE_S, path="/", httponly=True, samesite="strict", secure=deps.secure_cookie
    )
    return response


@router.delete("", status_code=204, response_class=Response, summary="Sign out")
async def sign_out(request: Request, deps: Deps) -> Response:
    """Remove the cookie."""
    del request
    response = Response(status_code=204)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict", secure=deps.secure_cookie)
    return response


def _answer(deps: ApiDeps, principal: Principal) -> JSONResponse:
    data: dict[str, Any] = {
        "name": principal.name,
        "tenant": principal.tenant,
        "token_needed": deps.authenticator.required,
    }
    frame = Envelope[Session](data=Session.model_validate(data), meta=Meta())
    return JSONResponse(frame.model_dump(mode="json"), headers={"Cache-Control": "no-store"})
