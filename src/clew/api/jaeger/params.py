"""The parameters of Jaeger's HTTP API, read the way Jaeger reads them."""

from __future__ import annotations

import json
from collections.abc import Mapping

from starlette.datastructures import QueryParams

from clew.api.jaeger.errors import BadParameterError
from clew.api.jaeger.search import DEFAULT_DEPTH, TraceQuery
from clew.query.answer import Window
from clew.query.literals import INT64_MAX, TooLargeError, parse_duration
from clew.query.steps import S

LOOKBACK_NS = 2 * 86_400 * S
US = 1000


def trace_query(params: QueryParams, now: int) -> TraceQuery:
    """Return the search of `GET /api/traces`.

    Raises:
        BadParameterError: names the parameter.
    """
    least, most = duration(params, "minDuration"), duration(params, "maxDuration")
    if least is not None and most is not None and most < least:
        raise BadParameterError("'maxDuration' should be greater than 'minDuration'")
    return TraceQuery(
        window(params, now),
        params.get("service", ""),
        params.get("operation", ""),
        _attributes(params),
        least,
        most,
        integer(params, "limit") or DEFAULT_DEPTH,
    )


def window(params: QueryParams, now: int) -> Window:
    """Return the range from `start` to `end` in microseconds; without a start `lookback` says how far to look back."""
    end = integer(params, "end")
    to = now if end is None else end * US
    start = integer(params, "start")
    if start is not None:
        return _checked(start * US, to)
    text = params.get("lookback", "")
    back = None if text in {"", "custom"} else duration(params, "lookback")
    return _checked(max(to - (LOOKBACK_NS if back is None else back), 0), to)


def _checked(low: int, high: int) -> Window:
    if not 0 <= low <= INT64_MAX or not 0 <= high <= INT64_MAX:
        raise BadParameterError("unable to parse param 'start' or 'end': out of range")
    return Window(low, high)


def integer(params: QueryParams, name: str) -> int | None:
    """Return a parameter that is a whole number and not negative, `None` where it is not given."""
    text = params.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 20):  # noqa: PLR2004 - digits of 2^63
        raise BadParameterError(f"unable to parse param '{name}': {text[:80]!r} is no whole number")
    return int(text)


def duration(params: QueryParams, name: str) -> int | None:
    """Return a parameter that is a duration such as `1.5s`, in nanoseconds, `None` where it is not given."""
    text = params.get(name, "")
    if not text:
        return None
    try:
        parsed = 0 if text == "0" else parse_duration(text)
    except TooLargeError:
        parsed = None
    if parsed is None:
        raise BadParameterError(f"unable to parse param '{name}': invalid duration {text[:80]!r}")
    return parsed


def _attributes(params: QueryParams) -> dict[str, str]:
    """Return the attributes of `tag=key:value`, which repeats, and of `tags={"key":"value"}`."""
    found: dict[str, str] = {}
    for text in params.getlist("tag"):
        key, colon, value = text.partition(":")
        if not colon:
            raise BadParameterError(f"malformed 'tag' parameter, expecting key:value, received: {text[:200]}")
        found[key] = value
    for text in params.getlist("tags"):
        found |= text_map(text, "tags")
    return found


def text_map(text: str, name: str) -> Mapping[str, str]:
    """Return a JSON object of strings."""
    try:
        told = json.loads(text)
    except ValueError as error:
        raise BadParameterError(f"malformed '{name}' parameter, cannot unmarshal JSON: {error}") from None
    if not isinstance(told, dict) or not all(isinstance(value, str) for value in told.values()):
        raise BadParameterError(f"malformed '{name}' parameter, cannot unmarshal JSON: expected an object of strings")
    return told
