from __future__ import annotations

import pytest

from clew.access.errors import ForbiddenError, UnauthenticatedError
from clew.api.lines import grpc_status, http_status
from clew.query.errors import BusyError, InvalidRequestError, TraceNotFoundError
from clew.store.errors import QueryCancelledError, QueryLimitError, StoreUnavailableError


@pytest.mark.parametrize(
    ("error", "over_http", "over_grpc"),
    [
        (InvalidRequestError("limit", "0", "must be above 0", hint=""), 400, "INVALID_ARGUMENT"),
        (TraceNotFoundError("01"), 404, "NOT_FOUND"),
    ],
)
def test_statuses_over_grpc_are_those_of_http(error, over_http, over_grpc):
    """400 is InvalidArgument, 404 NotFound, 429 ResourceExhausted, 499 Canceled, and everything above 499 Internal."""
    assert (http_status(error), grpc_status(error)) == (over_http, over_grpc)
