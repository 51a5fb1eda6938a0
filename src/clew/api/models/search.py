"""Search: requests, rows, histogram, and the parse result that the query box shows."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from clew.api.models.base import MAX_QUERY, Model, Ns, RequestModel, SpanId, TraceId
from clew.api.models.trace import Attribute

TIME = "`now`, `now-1h`, RFC 3339, or digits of the epoch in s, ms, us or ns"
QUERY = "TraceQL; empty text is every span"


class _Ranged(RequestModel):
    q: str = Field("", max_length=MAX_QUERY, description=QUERY, examples=["{ status = error } >> { kind = client }"])
    from_: str = Field("now-1h", alias="from", max_length=64, description=TIME)
    to: str = Field("now", max_length=64, description=TIME)


class SearchRequest(_Ranged):
    """Which traces to find."""

    limit: int = Field(20, ge=1, le=1000)
    spans: int = Field(3, ge=1, le=100, description="most spans of each spanset")
    cursor: str | None = Field(None, max_length=256, description="`cursor` of the page before")
    order: Literal["newest"] = "newest"


class HistogramRequest(_Ranged):
    """Which spans to count over time."""

    buckets: int = Field(60, ge=1, le=240, description="at most so many; the step is a round number")


class ParseRequest(RequestModel):
    """A text to check."""

    q: str = Field(max_length=MAX_QUERY, description=QUERY, examples=["{ status = error }"])
    cursor: int | None = Field(
        None, ge=0, description="offset in characters; asks what may stand there, of an unfinished text too"
    )


class ServiceShare(Model):
    """One service's part of a trace."""

    service: str
    spans: int
    errors: int


class MatchedSpan(Model):
    """A span that passed every filter."""

    span_id: SpanId
    service: str
    name: str
    kind: str
    status: str
    start_ns: Ns
    duration_ns: int


class Matched(Model):
    """How many spans of the trace passed, and the first three."""

    count: int
    spans: list[MatchedSpan]


class SetSpan(MatchedSpan):
    """A span of a spanset, with the fields that the query mentions."""

    attributes: list[Attribute]


class SpansetModel(Model):
    """Spans that matched together; `attributes` are group values and aggregates."""

    matched: int
    spans: list[SetSpan]
    attributes: list[Attribute]


class SearchRow(Model):
    """One trace of a result list."""

    trace_id: TraceId
    start_ns: Ns
    duration_ns: int
    root_service: str | None
    root_name: str | None
    root_received: bool = Field(description="false: the root span is not stored (yet), so its names are null")
    spans: int
    errors: int
    services: list[ServiceShare]
    matched: Matched
    spansets: list[SpansetModel] | None = Field(
        None, description="null for a query that is one conjunction; `matched` says it all then"
    )


class ExplainStep(Model):
    """One statement of a query, with what all of its runs read."""

    phase: str
    sql: str
    params: dict[str, str] = Field(description="values of the last run, long ones cut")
    runs: int
    rows: int
    bytes: int
    ms: float


class Explained(Model):
    """How a query is answered: the plan in words, and every statement."""

    plan: list[str]
    steps: list[ExplainStep]


class SearchPage(Model):
    """A page of traces, newest first unless the query sorts."""

    traces: list[SearchRow]
    cursor: str | None = Field(description="pass it to get the next page; null on the last")


class Histogram(Model):
    """Matching spans over time; entry i counts starts in [start_ms[i], start_ms[i] + step_ms)."""

    start_ms: list[int]
    step_ms: int
    total: list[int]
    errors: list[int]


class FilterValue(Model):
    """A typed value; integers and durations (ns) are decimal strings, statuses and kinds their names."""

    type: Literal["string", "int", "float", "bool", "duration", "status", "kind", "nil"]
    value: str | bool | float | None


class FilterModel(Model):
    """One condition."""

    scope: Literal["intrinsic", "resource", "span", "event", "link", "any"]
    key: str
    op: Literal["=", "!=", ">", ">=", "<", "<=", "=~", "!~"]
    value: FilterValue


class ParseError(Model):
    """Where a text is wrong; `from` and `to` count characters from 0, line and column from 1."""

    from_: int = Field(alias="from", serialization_alias="from")
    to: int
    line: int
    column: int
    message: str
    hint: str


class CompletionModel(Model):
    """What may stand at the cursor of an unfinished query."""

    expected: list[
        Literal["fields", "values", "operators", "logic", "relations", "functions", "spansets", "keywords"]
    ] = Field(description="the likeliest first")
    prefix: str = Field(description="what is written of it already")
    from_: int = Field(alias="from", serialization_alias="from", description="where the prefix begins")
    field: str | None = Field(description="the field whose values are wanted")
    words: list[str] = Field(description="words and signs of the language that fit and begin with the prefix")
    where: str = Field(description="the whole conditions around the cursor as a query; it narrows suggestions")


class ParseResult(Model):
    """What a text means and its canonical form, or what is wrong with it."""

    kind: Literal["search", "metrics"] | None
    filters: list[FilterModel] | None = Field(description="null for a query that is no conjunction")
    canonical: str | None
    errors: list[ParseError]
    completion: CompletionModel | None = Field(description="null without `cursor`")


class SavedQueryModel(Model):
    """A query with a name."""

    name: str
    q: str = Field(description="its canonical text")
    description: str
    updated_ns: str = Field(description="nanoseconds since 1970, as a decimal string")
    kind: Literal["search", "metrics"]


class SaveRequest(RequestModel):
    """A query to save."""

    q: str = Field(max_length=MAX_QUERY, description="TraceQL", examples=["{ status = error }"])
    description: str = Field("", max_length=1000)
