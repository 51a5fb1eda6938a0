"""Messages on the wire of HTTP: protobuf JSON or protobuf, and errors as plain text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from clew.api.problems import RETRY_AFTER_S
from clew.model.errors import ClewError
from clew.query.errors import BusyError
from clew.store.errors import QueryLimitError

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


def http_status(error: ClewError) -> int:
    """Return the status that Tempo's clients expect."""
    if isinstance(error, BusyError):
        return 429
    if isinstance(error, QueryLimitError):
        return 503 if error.kind == "time" else 422
    return error.http_status


def grpc_status(error: ClewError) -> str:
    """Return the name of the gRPC status that Tempo's clients expect."""
    by_http = {400: "INVALID_ARGUMENT", 404: "NOT_FOUND", 422: "RESOURCE_EXHAUSTED", 429: "RESOURCE_EXHAUSTED"}
    status = http_status(error)
    if status in {401, 403}:
        return error.grpc_status
    return "CANCELLED" if status == 499 else by_http.get(status, "INTERNAL")  # noqa: PLR2004 - client closed


def line(error: ClewError) -> str:
    """Return what is wrong, where it can be told, and the way out."""
    where = getattr(error, "start", None)
    place = f" at character {where + 1}" if isinstance(where, int) else ""
    hint = f" ({error.hint})" if error.hint else ""
    return f"{error.detail}{place}{hint}"
