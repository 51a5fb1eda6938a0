"""Metrics queries: requests, series and their exemplars."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from clew.api.models.base import MAX_QUERY, Model, RequestModel, SpanId, TraceId
from clew.api.models.search import TIME

STEP = "a duration such as `15s`; absent: about 240 points"


class MetricsRequest(RequestModel):
    """Which series, at which points of time."""

    q: str = Field(max_length=MAX_QUERY, examples=["{ status = error } | rate() by (resource.service.name)"])
    from_: str = Field("now-1h", alias="from", max_length=64, description=TIME)
    to: str = Field("now", max_length=64, description=TIME)
    step: str | None = Field(None, max_length=32, description=STEP)
    instant: bool = Field(default=False, description="one point at the end, over the whole range")
    exemplars: int = Field(0, ge=0, le=1000, description="most spans that are named behind the points")
    max_series: int = Field(1000, ge=1, le=10_000)


class Label(Model):
    """What a series is of; integers and durations (ns) are decimal strings, statuses and kinds their names."""

    key: str
    type: Literal["string", "int", "float", "bool", "duration", "status", "kind", "nil", "list"]
    value: str | bool | float | list[str | int | float | bool] | None


class Exemplar(Model):
    """A span behind a point."""

    trace_id: TraceId
    span_id: SpanId
    time_ms: int
    value: float = Field(description="of the point that it stands behind")
    labels: list[Label]


class Series(Model):
    """Points over time."""

    labels: list[Label]
    values: list[float | None] = Field(description="one per point of time; null where there is none")
    exemplars: list[Exemplar]


class Source(Model):
    """What one function was answered from."""

    table: str
    why: str
    sql: str


class SeriesAnswer(Model):
    """All series of a metrics query."""

    times_ms: list[int] = Field(description="ends of the right-closed buckets")
    step_ms: int
    series: list[Series]
    sources: list[Source]


class HeatmapRequest(RequestModel):
    """Which spans, and what of them."""

    q: str = Field("{ }", max_length=MAX_QUERY, description="a search whose filters each span decides")
    y: str = Field(
        "duration", max_length=4096, description="a field with numbers", examples=["span.http.response.body.size"]
    )
    scale: Literal["log", "linear"] = "log"
    from_: str = Field("now-1h", alias="from", max_length=64, description=TIME)
    to: str = Field("now", max_length=64, description=TIME)


class Heatmap(Model):
    """At most 120 columns and 60 rows; column i covers (x_ms[i], x_ms[i] + step_ms], row j (y[j], y[j + 1]]."""

    x_ms: list[int]
    step_ms: int
    y: list[float] = Field(description="edges of the rows, one more than rows; seconds for durations")
    n: list[list[int]] = Field(description="spans by row and column")
    err: list[list[int]] = Field(description="those of status error")
    ex: list[list[str | None]] = Field(description="a trace id of each cell that has spans")
    table: str = Field(description="where they were counted")


class Latency(Model):
    """Durations of an operation."""

    upper_ns: list[float] = Field(description="upper bounds of buckets that grow by a quarter of a power of two")
    ok: list[float]
    failed: list[float]
    quantiles_ns: list[float] = Field(description="from 0 to 1 in steps of 0.05; empty without spans")
