"""`/api/metrics`: what the Monitor tab of Jaeger's UI draws, from the rollup that every span goes into."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from clew.api.answers import asking
from clew.api.jaeger.errors import BadParameterError
from clew.api.jaeger.params import integer
from clew.api.jaeger.ui_json import envelope
from clew.api.otlpvalues import dump
from clew.model import Kind
from clew.query.sliding import SlidingQuery, SlidingSeries, sliding

MIN_STEP_MS = 1000
_MS = 1000
_NS_PER_MS = 10**6
_HOUR_MS, _STEP_MS, _RATE_MS = 3_600_000, 5_000, 600_000
_MOST_POINTS = 11_000
_JSON = "application/json"


def _query(params: QueryParams, now: int, *, quantile: bool) -> SlidingQuery:
    """Return which points of which services a request asks for."""
    services = [one for one in params.getlist("service") if one]
    if not services:
        raise BadParameterError("please provide at least one service name: parameter 'service' is required")
    end = integer(params, "endTs")
    last = now // _NS_PER_MS if end is None else end
    lookback, step, over = (
        _positive(params, name, default)
        for name, default in (("lookback", _HOUR_MS), ("step", _STEP_MS), ("ratePer", _RATE_MS))
    )
    if lookback // step >= _MOST_POINTS:
        raise BadParameterError(f"'lookback' / 'step' gives more than {_MOST_POINTS} points")
    points = [at / _MS for at in range(max(last - lookback, 0), last + 1, step)]
    kinds = [_kind(one) for one in params.getlist("spanKind") if one] or [Kind.SERVER]
    return SlidingQuery(
        services,
        kinds,
        _flag(params, "groupByOperation"),
        points,
        -(-over // _MS),
        _quantile(params) if quantile else None,
    )


def _positive(params: QueryParams, name: str, default: int) -> int:
    value = integer(params, name)
    if value == 0:
        raise BadParameterError(f"unable to parse param '{name}': it must be above 0")
    return default if value is None else value


def _kind(text: str) -> Kind:
    kinds = {"unspecified": Kind.UNSPECIFIED, **{kind.name.lower(): kind for kind in Kind}}
    kind = kinds.get(text.lower().removeprefix("span_kind_"))
    if kind is None:
        raise BadParameterError(f"unsupported span kind: '{text[:80]}'")
    return kind


def _flag(params: QueryParams, name: str) -> bool:
    text = params.get(name, "")
    if text.lower() not in {"", "true", "false", "1", "0", "t", "f"}:
        raise BadParameterError(f"unable to parse param '{name}': {text[:80]!r} is no boolean")
    return text.lower() in {"true", "1", "t"}


def _quantile(params: QueryParams) -> float:
    text = params.get("quantile", "")
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value <= 1:
        raise BadParameterError(f"unable to parse param 'quantile': {text[:80]!r} is not in (0, 1]")
    return value


def _family(
    name: str, text: str, query: SlidingQuery, series: list[SlidingSeries], values: Callable[[SlidingSeries], Any]
) -> dict[str, Any]:
    """Return a family of metrics; a point without a value is left out."""
    grouped = "service_operation_" if query.by_operation else "service_"
    by = "service & operation" if query.by_operation else "service"
    times = [_rfc3339(point) for point in query.points]
    metrics = []
    for one in series:
        labels = [{"name": "service_name", "value": one.service}]
        if query.by_operation:
            labels.insert(0, {"name": "operation", "value": one.operation})
        points = [
            {"gaugeValue": {"doubleValue": value}, "timestamp": time}
            for time, value in zip(times, values(one), strict=True)
            if value is not None
        ]
        metrics.append({"labels": labels, "metricPoints": points})
    return {"name": f"{grouped}{name}", "type": "GAUGE", "help": f"{text}, grouped by {by}", "metrics": metrics}


def _rfc3339(point: float) -> str:
    text = datetime.fromtimestamp(point, UTC).isoformat(timespec="milliseconds").removesuffix("+00:00")
    return f"{text.rstrip('0').removesuffix('.') if '.' in text else text}Z"


def _milliseconds(series: SlidingSeries) -> list[float | None]:
    return [None if value is None else value / _NS_PER_MS for value in series.duration_ns]


async def latencies(request: Request) -> Response:
    """Return a quantile of the durations in milliseconds."""
    told = f"{request.query_params.get('quantile', '')}th quantile latency in milliseconds"
    return await _answer(request, "latencies", told, _milliseconds, quantile=True)


async def calls(request: Request) -> Response:
    """Return calls per second."""
    return await _answer(request, "call_rate", "calls/sec", lambda one: one.rate)


async def errors(request: Request) -> Response:
    """Return the share of calls that failed, from 0 to 1."""
    told = "error rate, computed as a fraction of errors/sec over calls/sec"
    return await _answer(request, "error_rate", told, lambda one: one.errors)


async def _answer(
    request: Request, name: str, text: str, values: Callable[[SlidingSeries], Any], *, quantile: bool = False
) -> Response:
    ask = await asking(request)
    query = _query(request.query_params, ask.now, quantile=quantile)
    series = await ask.run(lambda read: sliding(read, query))
    return Response(dump(_family(name, text, query, series, values)), media_type=_JSON)


async def min_step(request: Request) -> Response:
    """Return the smallest useful step in milliseconds."""
    await asking(request)
    return Response(dump(envelope(MIN_STEP_MS)), media_type=_JSON)


ROUTES = [
    Route("/api/metrics/latencies", latencies),
    Route("/api/metrics/calls", calls),
    Route("/api/metrics/errors", errors),
    Route("/api/metrics/minstep", min_step),
]
