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


def answer(request: Request, message: Message) -> Response:
    """Return a message as the client wants it."""
    if wants_protobuf(request):
        return Response(message.SerializeToString(), 200, NO_STORE, PROTOBUF)
    return answer_json(MessageToDict(message))


def answer_json(body: Mapping[str, Any]) -> Response:
    """Return a body that is already protobuf JSON."""
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    return Response(text.encode("utf-8", "surrogatepass"), 200, NO_STORE, JSON)


def refusal(error: ClewError) -> Response:
    """Return an error as its clients show it: one line of plain text."""
    status = http_status(error)
    headers = {"Retry-After": RETRY_AFTER_S} if status in {429, 503} else {}
    if status == 401:  # noqa: PLR2004 - unauthorized
        headers["WWW-Authenticate"] = "Bearer"
    return PlainTextResponse(line(error), status, headers)
