"""Messages on the wire of HTTP: protobuf JSON or protobuf, and errors as plain text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from clew.api.lines import http_status, line
from clew.api.problems import RETRY_AFTER_S
from clew.model.errors import ClewError

PROTOBUF = "application/protobuf"
JSON = "application/json"
NO_STORE = {"Cache-Control": "no-store"}


def wants_protobuf(request: Request) -> bool:
    """Return whether the client takes protobuf; it is looked for first, anywhere in `Accept`."""
    return PROTOBUF in request.headers.get("accept", "")


def body_of(message: Message, *, protobuf: bool) -> bytes:
    """Return a message in either form; called in a reader thread, since long answers take their time."""
    return message.SerializeToString() if protobuf else json_body(MessageToDict(message))


def json_body(body: Mapping[str, Any]) -> bytes:
    """Return what is already protobuf JSON as its bytes."""
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


def answer(body: bytes, *, protobuf: bool = False) -> Response:
    """Return a body in the form that it has."""
    return Response(body, 200, NO_STORE, PROTOBUF if protobuf else JSON)


def refusal(error: ClewError) -> Response:
    """Return an error as its clients show it: one line of plain text."""
    status = http_status(error)
    headers = {"Retry-After": RETRY_AFTER_S} if status in {429, 503} else {}
    if status == 401:  # noqa: PLR2004 - unauthorized
        headers["WWW-Authenticate"] = "Bearer"
    return PlainTextResponse(line(error), status, headers)
