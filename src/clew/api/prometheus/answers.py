"""Values as Prometheus' envelopes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from starlette.responses import JSONResponse, Response

from clew.api.lines import line
from clew.model.errors import ClewError
from clew.query.promql.functions import vector
from clew.query.promql.vector import Answer, Vector

ERROR_TYPES = {400: "bad_data", 422: "execution", 429: "too_many_requests", 499: "canceled", 503: "timeout"}


def success(data: Any, warnings: Sequence[str] = ()) -> Response:
    """Return data, with what its reader should know beside it."""
    told = {"warnings": list(warnings)} if warnings else {}
    return JSONResponse({"status": "success", "data": data, **told}, headers={"Cache-Control": "no-store"})


def failure(status: int, error: ClewError) -> Response:
    """Return an error."""
    kind = ERROR_TYPES.get(status, "internal" if status >= 500 else "bad_data")  # noqa: PLR2004 - server errors
    return JSONResponse({"status": "error", "errorType": kind, "error": line(error)}, status)


def instant(found: Answer, time_s: float) -> dict[str, Any]:
    """Return a value at one point: a vector, or a scalar."""
    if not isinstance(found, Vector):
        return {"resultType": "scalar", "result": [time_s, _number(float(found[0]))]}
    result = [
        {"metric": dict(labels), "value": [time_s, _number(value)]}
        for labels, value, there in zip(found.labels, found.values[:, 0].tolist(), found.there[:, 0], strict=True)
        if there
    ]
    return {"resultType": "vector", "result": result}


def ranged(found: Answer, times: npt.NDArray[np.float64]) -> dict[str, Any]:
    """Return values over time: a matrix; a number is a series without labels."""
    series = found if isinstance(found, Vector) else vector(found)
    result = []
    for row in sorted(range(len(series.labels)), key=lambda at: series.labels[at]):
        at = np.flatnonzero(series.there[row])
        if at.size:
            points = zip(times[at].tolist(), map(_number, series.values[row, at].tolist()), strict=True)
            result.append({"metric": dict(series.labels[row]), "values": [list(point) for point in points]})
    return {"resultType": "matrix", "result": result}


def _number(value: float) -> str:
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return "NaN" if math.isnan(value) else repr(value).removesuffix(".0")
