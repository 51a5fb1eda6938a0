from __future__ import annotations

import pytest

from clew.access.errors import MissingTokenError, ScopeDeniedError
from clew.api.lines import grpc_status, http_status
from clew.query.errors import BusyError, DisplacedError, InvalidQueryError, InvalidRequestError, TraceNotFoundError
from clew.store.errors import EngineUnavailableError, QueryCancelledError, QueryError, QueryLimitError


@pytest.mark.parametrize(
    ("error", "over_http", "over_grpc"),
    [
        (InvalidRequestError("limit", "0", "must be above 0", hint=""), 400, "INVALID_ARGUMENT"),
        (InvalidQueryError("no field", start=0, end=1, hint=""), 400, "INVALID_ARGUMENT"),
        (MissingTokenError(), 401, "UNAUTHENTICATED"),
        (ScopeDeniedError("a", "read"), 403, "PERMISSION_DENIED"),
        (TraceNotFoundError("01"), 404, "NOT_FOUND"),
        (QueryLimitError("too much", kind="memory", limit=1), 422, "RESOURCE_EXHAUSTED"),
        (BusyError(9, 10), 429, "RESOURCE_EXHAUSTED"),
        (DisplacedError(), 429, "RESOURCE_EXHAUSTED"),
        (QueryCancelledError("gone"), 499, "CANCELLED"),
        (QueryError("broken"), 500, "INTERNAL"),
        (EngineUnavailableError("down"), 503, "INTERNAL"),
        (QueryLimitError("too long", kind="time", limit=1), 503, "INTERNAL"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_statuses_over_grpc_follow_those_over_http(error, over_http, over_grpc):
    """400 is InvalidArgument, 404 NotFound, 429 ResourceExhausted, 499 Canceled, and what is above it Internal."""
    assert (http_status(error), grpc_status(error)) == (over_http, over_grpc)
