"""Questions of Tempo's API with its limits and defaults, whether they come over HTTP or gRPC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from clew.api.pb import tempo_pb2 as pb
from clew.api.tempo.params import S, duration, logfmt, moment, step, whole, window_of
from clew.api.tempo.tagquery import tag_query
from clew.query.answer import Window
from clew.query.errors import InvalidRequestError
from clew.query.plan.found import Ask
from clew.query.plan.grid import default_step
from clew.query.plan.series import MetricsAsk
from clew.query.steps import MS

LIMIT, MAX_LIMIT = 20, 262_144
SPANS, MAX_SPANS = 3, 100
MAX_QUERY = 128 << 10
MAX_STEPS = 10_000
EXEMPLARS = 100
MAX_SERIES = 1000
MINUTE = 60 * S
HOUR = 60 * MINUTE
SEARCH_NS = 24 * HOUR
"""How far a search without a range looks back."""
METRICS_NS = HOUR


@dataclass(frozen=True, slots=True)
class SearchAsk:
    """A search: its text, and how much of which traces it returns."""

    query: str
    ask: Ask


@dataclass(frozen=True, slots=True)
class MetricsQuestion:
    """A metrics query: its text, and its points of time."""

    query: str
    ask: MetricsAsk


@dataclass(frozen=True, slots=True)
class TagsAsk:
    """Which names or values are asked for."""

    window: Window
    query: str = ""
    scope: str = ""
    tag: str = ""
    limit: int = 0
    """0 is no limit of the client's."""


def search_of(params: Mapping[str, str], now: int) -> SearchAsk:
    """Return the search of a request over HTTP.

    Raises:
        InvalidRequestError: a parameter is wrong; a limit of 0 is, while over gRPC it means absent.
    """
    if whole(params, "limit") == 0:
        raise InvalidRequestError("limit", "0", "must be above 0", hint=f"use 1 to {MAX_LIMIT}, or leave it out")
    low, high = duration(params, "minDuration"), duration(params, "maxDuration")
    if low is not None and high is not None and high <= low:
        raise InvalidRequestError("maxDuration", params["maxDuration"], "is not above minDuration", hint="swap them")
    if params.get("q") and params.get("tags"):
        raise InvalidRequestError("tags", params["tags"][:80], "cannot stand beside q", hint="use q alone")
    message = pb.SearchRequest(
        Query=params.get("q", ""),
        Tags=logfmt(params.get("tags", "")),
        MinDurationMs=(low or 0) // MS,
        MaxDurationMs=(high or 0) // MS,
        Limit=whole(params, "limit") or 0,
        SpansPerSpanSet=whole(params, "spss") or 0,
        start=whole(params, "start") or 0,
        end=whole(params, "end") or 0,
    )
    return search_of_message(message, now)


def search_of_message(message: pb.SearchRequest, now: int) -> SearchAsk:
    """Return the search of a request over gRPC.

    Raises:
        InvalidRequestError: a field is wrong.
    """
    limit, spans = message.Limit or LIMIT, message.SpansPerSpanSet or SPANS
    if limit > MAX_LIMIT:
        raise InvalidRequestError("limit", str(limit), "is too large", hint=f"use at most {MAX_LIMIT}")
    if spans > MAX_SPANS:
        raise InvalidRequestError("spss", str(spans), "is too large", hint=f"use at most {MAX_SPANS}")
    query = _checked("q", message.Query)
    if not query.strip():
        query = tag_query(message.Tags, message.MinDurationMs * MS, message.MaxDurationMs * MS)
    window = window_of(message.start * S, message.end * S, now, SEARCH_NS)
    return SearchAsk(query, Ask(window, limit, spans))


def tags_of(params: Mapping[str, str], now: int, tag: str = "") -> TagsAsk:
    """Return the question for names or values of a request over HTTP.

    Raises:
        InvalidRequestError: a parameter is wrong.
    """
    start, end = whole(params, "start") or 0, whole(params, "end") or 0
    most = whole(params, "limit") or 0
    query = _checked("q", params.get("q", ""))
    return TagsAsk(window_of(start * S, end * S, now, SEARCH_NS), query, params.get("scope", ""), tag, most)


def tags_of_message(message: pb.SearchTagsRequest, now: int) -> TagsAsk:
    """Return the question for names of a request over gRPC."""
    window = window_of(message.start * S, message.end * S, now, SEARCH_NS)
    return TagsAsk(window, _checked("query", message.query), message.scope, "", message.maxTagsPerScope)


def values_of_message(message: pb.SearchTagValuesRequest, now: int) -> TagsAsk:
    """Return the question for values of a request over gRPC."""
    window = window_of(message.start * S, message.end * S, now, SEARCH_NS)
    return TagsAsk(window, _checked("query", message.query), "", message.tagName, message.maxTagValues)


def metrics_of(params: Mapping[str, str], now: int, *, instant: bool) -> MetricsQuestion:
    """Return the metrics query of a request over HTTP.

    Raises:
        InvalidRequestError: a parameter is wrong.
    """
    since = duration(params, "since") or METRICS_NS
    start, end = moment(params, "start"), moment(params, "end")
    if start is None and end is None:
        start, end = now - since, now
    elif start is None:
        start = (end or now) - since
    elif end is None:
        end = now
    message = pb.QueryRangeRequest(
        query=params.get("q") or params.get("query", ""),
        start=max(start, 0),
        end=end or now,
        step=0 if instant else step(params),
        exemplars=whole(params, "exemplars") or 0,
        maxSeries=whole(params, "maxSeries") or 0,
        instant=instant,
    )
    return metrics_of_message(message, now)


def metrics_of_message(message: pb.QueryRangeRequest, now: int) -> MetricsQuestion:
    """Return the metrics query of a request over gRPC.

    Raises:
        InvalidRequestError: a field is wrong.
    """
    query = _checked("q", message.query)
    if not query.strip():
        raise InvalidRequestError("q", "", "is missing", hint="send a metrics query such as {} | rate()")
    window = window_of(message.start, message.end, now, METRICS_NS)
    step_ns = message.step or default_step(window)
    if not message.instant and (window.to_ns - window.from_ns) // step_ns > MAX_STEPS:
        raise InvalidRequestError(
            "step", str(step_ns), "gives too many points", hint=f"at most {MAX_STEPS} are allowed"
        )
    ask = MetricsAsk(
        window,
        step_ns,
        instant=message.instant,
        exemplars=0 if message.instant else message.exemplars or EXEMPLARS,
        max_series=message.maxSeries or MAX_SERIES,
    )
    return MetricsQuestion(query, ask)


def instant_of_message(message: pb.QueryInstantRequest, now: int) -> MetricsQuestion:
    """Return the instant query of a request over gRPC."""
    whole_range = pb.QueryRangeRequest(query=message.query, start=message.start, end=message.end, instant=True)
    return metrics_of_message(whole_range, now)


def _checked(name: str, query: str) -> str:
    if len(query.encode("utf-8", "surrogatepass")) > MAX_QUERY:
        raise InvalidRequestError(name, query[:80], "is too long", hint="keep a query below 128 KiB")
    return query
