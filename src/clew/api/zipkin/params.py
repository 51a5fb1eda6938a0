"""The parameters of Zipkin's read API."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from starlette.datastructures import QueryParams

from clew.api.zipkin.errors import BadQueryError
from clew.query.answer import Window

LIMIT = 10
LOOKBACK_MS = 86_400_000
MOST_TRACES = 10_000
NS_PER_MS = 10**6
_LOWER_HEX = re.compile(r"[0-9a-f]{1,32}")
_WHOLE = re.compile(r"-?[0-9]{1,18}")
_ANY = frozenset({"", "all"})
_HALF, _FULL = 16, 32


@dataclass(frozen=True, slots=True)
class TraceQuery:
    """One search; what is empty or `None` is not asked for. Names are in lower case."""

    window: Window
    """The root starts in it, or where there is none the first span."""
    service: str = ""
    remote: str = ""
    span: str = ""
    words: list[str] = field(default_factory=list)
    """Values of annotations or keys of tags."""
    tags: list[tuple[str, str]] = field(default_factory=list)
    least_us: int | None = None
    most_us: int | None = None
    limit: int = LIMIT


def trace_query(params: QueryParams, now: int) -> TraceQuery:
    """Return the search of `GET /api/v2/traces`.

    Raises:
        BadQueryError: says which parameter is wrong.
    """
    least, most = whole(params, "minDuration"), whole(params, "maxDuration")
    if most is not None and least is None:
        raise BadQueryError("maxDuration is only valid with minDuration")
    limit = whole(params, "limit") or LIMIT
    if limit > MOST_TRACES:
        raise BadQueryError(f"limit > {MOST_TRACES}")
    words, tags = _annotations(params.get("annotationQuery", ""))
    return TraceQuery(
        window(params, now),
        name(params, "serviceName"),
        name(params, "remoteServiceName"),
        name(params, "spanName"),
        words,
        tags,
        least,
        most,
        limit,
    )


def name(params: QueryParams, key: str) -> str:
    """Return a name in lower case; `all` and nothing mean any, which is empty."""
    text = params.get(key, "").strip().lower()
    return "" if text in _ANY else text


def whole(params: QueryParams, key: str) -> int | None:
    """Return a number above 0, `None` where it is not given."""
    text = params.get(key, "")
    if not text:
        return None
    if not _WHOLE.fullmatch(text):
        raise BadQueryError(f"{key}: {text[:80]!r} is no whole number")
    if int(text) <= 0:
        raise BadQueryError(f"{key} <= 0")
    return int(text)


def window(params: QueryParams, now: int, *, end_needed: bool = False) -> Window:
    """Return the range that ends at `endTs` and is `lookback` long, both in milliseconds."""
    end = whole(params, "endTs")
    if end is None and end_needed:
        raise BadQueryError("endTs is required")
    last = now // NS_PER_MS if end is None else min(end, 2**63 // NS_PER_MS - 1)
    back = whole(params, "lookback") or LOOKBACK_MS
    return Window(max(last - back, 0) * NS_PER_MS, last * NS_PER_MS + 999)


def _annotations(text: str) -> tuple[list[str], list[tuple[str, str]]]:
    words: list[str] = []
    tags: list[tuple[str, str]] = []
    for part in (one.strip() for one in text.split(" and ")):
        key, equals, value = part.partition("=")
        if equals and key:
            tags.append((key, value))
        elif part:
            words.append(part)
    return words, tags


def trace_id(text: str) -> str:
    """Return an id as Zipkin writes it: 16 or 32 lower-case digits, a high half of zeros cut.

    Raises:
        BadQueryError: it is no lower-case hex number, too long, or zero.
    """
    if not _LOWER_HEX.fullmatch(text):
        raise BadQueryError(f"{text[:80]} should be a 1 to 32 character lower-hex string with no prefix")
    number = int(text, 16)
    if not number:
        raise BadQueryError("traceId is all zeros")
    return f"{number:0{_FULL}x}" if number >> (_HALF * 4) else f"{number:0{_HALF}x}"


def trace_ids(text: str) -> list[str]:
    """Return the ids of `traceIds=a,b`."""
    parts = [one.strip() for one in text.split(",") if one.strip()]
    if not parts:
        raise BadQueryError("traceIds parameter is empty")
    if len(parts) == 1:
        raise BadQueryError("Use /api/v2/trace/{traceId} endpoint to retrieve a single trace")
    ids = [trace_id(one) for one in parts]
    for at, one in enumerate(ids):
        if one in ids[:at]:
            raise BadQueryError(f"redundant traceId: {one}")
    return ids
