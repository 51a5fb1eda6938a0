"""Metrics queries: series, heatmaps and distributions."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from fastapi import Query as QueryParam
from fastapi.responses import Response

from clew.api.answers import Ask
from clew.api.models import Envelope
from clew.api.models.metrics import Heatmap as HeatmapModel
from clew.api.models.metrics import HeatmapRequest, MetricsRequest, SeriesAnswer
from clew.api.models.metrics import Latency as LatencyModel
from clew.api.routes.params import From, To
from clew.api.routes.services import KindName
from clew.model import Kind
from clew.query.answer import Answer, Window
from clew.query.errors import InvalidQueryError, InvalidRequestError
from clew.query.filters import plain_value, value_type
from clew.query.latency import latency
from clew.query.literals import TooLargeError, parse_duration
from clew.query.plan.found import Cell
from clew.query.plan.grid import default_step
from clew.query.plan.heatmap import heatmap
from clew.query.plan.metrics import metrics
from clew.query.plan.series import Labels, MetricsAsk
from clew.query.plan.series import SeriesAnswer as Found
from clew.query.steps import MS
from clew.query.traceql import parse
from clew.query.traceql.ast import Field, MetricsPipeline

router = APIRouter(tags=["metrics"])


@router.post("/metrics/query", response_model=Envelope[SeriesAnswer], summary="Series over time")
async def query_metrics(body: MetricsRequest, ask: Ask) -> Response:
    """Return the series of a TraceQL metrics query, such as `{ } | rate() by (resource.service.name)`.

    Buckets are right-closed and their points stand at their ends; the range is widened to whole steps. `sources` says
    which table each function was read from.
    """
    query = parse(body.q)
    window: Window = ask.window(body.from_, body.to)
    step = default_step(window) if body.step is None else _step(body.step)
    asked = MetricsAsk(window, step, body.instant, body.exemplars, body.max_series)
    answer = await ask.run(lambda read: metrics(read, query, asked))
    return ask.json(SeriesAnswer, Answer(_plain(answer, asked), answer.meta))


def _step(text: str) -> int:
    try:
        step = parse_duration(text)
    except TooLargeError:
        step = None
    if step is None or step <= 0:
        raise InvalidRequestError("step", text, "is no duration", hint="write it like 15s, 1m or 500ms")
    return int(step)


def _plain(answer: Answer[Found], asked: MetricsAsk) -> dict[str, Any]:
    found = answer.data
    window = answer.meta.window
    whole = 0 if window is None else window.to_ns - window.from_ns + 1
    return {
        "times_ms": found.times_ms,
        "step_ms": (whole if asked.instant else asked.step_ns) // MS,
        "series": [
            {
                "labels": _labels(one.labels),
                "values": one.values,
                "exemplars": [
                    {
                        "trace_id": span.trace_id.hex(),
                        "span_id": f"{span.span_id:016x}",
                        "time_ms": span.time_ms,
                        "value": span.value,
                        "labels": _labels(span.labels),
                    }
                    for span in one.exemplars
                ],
            }
            for one in found.series
        ],
        "sources": found.sources,
    }


def _labels(labels: Labels) -> list[dict[str, Any]]:
    return [{"key": key, **_value(value)} for key, value in labels.items()]


def _value(value: Cell) -> dict[str, Any]:
    if isinstance(value, list):
        return {"type": "list", "value": value}
    return {"type": value_type(value), "value": plain_value(value)}


@router.post("/heatmap", response_model=Envelope[HeatmapModel], summary="Values over time")
async def values_over_time(body: HeatmapRequest, ask: Ask) -> Response:
    """Return how many spans of a filter have which duration (or other number) when, and a trace for each cell."""
    query, of = parse(body.q), _field(body.y)
    window: Window = ask.window(body.from_, body.to)
    logarithmic = body.scale == "log"
    answer = await ask.run(lambda read: heatmap(read, query, of, window, logarithmic=logarithmic))
    return ask.json(HeatmapModel, answer)


@router.get("/latency", response_model=Envelope[LatencyModel], summary="Durations of an operation")
async def durations(
    ask: Ask,
    *,
    service: Annotated[str, QueryParam(max_length=1024, examples=["checkout"])],
    name: Annotated[str | None, QueryParam(max_length=4096)] = None,
    kind: KindName | None = None,
    from_: From = "now-1h",
    to: To = "now",
) -> Response:
    """Return the distribution of durations of a service's spans, of one operation or kind of them, and quantiles."""
    window = ask.window(from_, to)
    wanted = Kind[kind.upper()] if kind else None
    return ask.json(LatencyModel, await ask.run(lambda read: latency(read, service, name, wanted, window)))


def _field(text: str) -> Field:
    """Return the field that a text names.

    Raises:
        InvalidRequestError: it names none.
    """
    try:
        root = parse(f"{{ }} | max_over_time({text})").root
    except InvalidQueryError as error:
        raise InvalidRequestError("y", text, "is no field", hint="write it like duration or span.size") from error
    of = root.call.of if isinstance(root, MetricsPipeline) else None
    if of is None:
        raise InvalidRequestError("y", text, "is no field", hint="write it like duration or span.size")
    return of
