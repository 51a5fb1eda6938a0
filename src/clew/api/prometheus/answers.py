"""Values as Prometheus' envelopes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from starlette.responses import JSONResponse, Response

from clew.api.lines import line
from clew.model.errors import ClewError
from clew.query.promql.evaluate import Answer
from clew.query.promql.windows import Vector

ERROR_TYPES = {400: "bad_data", 422: "execution", 429: "too_many_requests", 499: "canceled", 503: "timeout"}


def success(data: Any) -> Response:
    """Return data."""
    return JSONResponse({"status": "success", "data": data}, headers={"Cache-Control": "no-store"})


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
        for labels, value in zip(found.labels, found.values[:, 0].tolist(), strict=True)
        if not math.isnan(value)
    ]
    return {"resultType": "vector", "result": result}


def ranged(found: Answer, times: npt.NDArray[np.float64]) -> dict[str, Any]:
    """Return values over time: a matrix; a number is a series without labels."""
    vector = found if isinstance(found, Vector) else Vector([()], found[None, :])
    result = []
    for labels, values in sorted(zip(vector.labels, vector.values.tolist(), strict=True), key=lambda one: one[0]):
        points = [
            [time, _number(value)] for time, value in zip(times.tolist(), values, strict=True) if not math.isnan(value)
        ]
        if points:
            result.append({"metric": dict(labels), "values": points})
    return {"resultType": "matrix", "result": result}


def _number(value: float) -> str:
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return "NaN" if math.isnan(value) else repr(value).removesuffix(".0")
