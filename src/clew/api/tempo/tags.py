"""Names and values of fields: from the catalogue, from rollups, or from the spans that a query passes."""

from __future__ import annotations

from collections.abc import Iterator

from clew.api.pb import tempo_pb2 as pb
from clew.api.tempo.answers import CHUNK, metadata_metrics
from clew.api.tempo.requests import TagsAsk
from clew.api.tempo.tagvalues import TypedValue, tag_values
from clew.query.errors import InvalidRequestError
from clew.query.fields import fields
from clew.query.read import Read

INTRINSIC = "intrinsic"
LEVELS = {"resource": "resource", "span": "span", "event": "event", "link": "link", "scope": "instrumentation"}
"""Levels of the catalogue to scopes of Tempo."""
SCOPES = ("none", *LEVELS.values(), INTRINSIC)
INTRINSICS = (
    "duration",
    "event:name",
    "event:timeSinceStart",
    "instrumentation:name",
    "instrumentation:version",
    "kind",
    "name",
    "rootName",
    "rootServiceName",
    "span:childCount",
    "span:duration",
    "span:kind",
    "span:name",
    "span:status",
    "span:statusMessage",
    "status",
    "statusMessage",
    "trace:duration",
    "trace:rootName",
    "trace:rootService",
    "traceDuration",
)
"""What can be completed; ids and nested sets cannot."""


def tags_v2(read: Read, ask: TagsAsk) -> pb.SearchTagsV2Response:
    """Return the names of attributes by scope, and the intrinsics.

    Raises:
        InvalidRequestError: there is no such scope.
    """
    scopes = [pb.SearchTagsV2Scope(name=name, tags=tags) for name, tags in _tags(read, ask)]
    return pb.SearchTagsV2Response(scopes=scopes, metrics=metadata_metrics(read.scanned))


def tags_v1(read: Read, ask: TagsAsk) -> pb.SearchTagsResponse:
    """Return the names of attributes of all scopes, or of one, each once.

    Raises:
        InvalidRequestError: there is no such scope.
    """
    wanted = (tags for name, tags in _tags(read, ask) if name != INTRINSIC or ask.scope == INTRINSIC)
    names = sorted({tag for tags in wanted for tag in tags})
    return pb.SearchTagsResponse(tagNames=names, metrics=metadata_metrics(read.scanned))


def values_v2(read: Read, ask: TagsAsk) -> pb.SearchTagValuesV2Response:
    """Return typed values of a field."""
    found = [pb.TagValue(type=one.type, value=one.value) for one in _values(read, ask)]
    return pb.SearchTagValuesV2Response(tagValues=found, metrics=metadata_metrics(read.scanned))


def values_v1(read: Read, ask: TagsAsk) -> pb.SearchTagValuesResponse:
    """Return values of a field as texts, each once."""
    texts = list(dict.fromkeys(one.value for one in _values(read, ask)))
    return pb.SearchTagValuesResponse(tagValues=texts, metrics=metadata_metrics(read.scanned))


def _tags(read: Read, ask: TagsAsk) -> Iterator[tuple[str, list[str]]]:
    if ask.scope and ask.scope not in SCOPES:
        raise InvalidRequestError("scope", ask.scope[:80], "is no scope", hint=f"use one of {', '.join(SCOPES[1:])}")
    every = ask.scope in {"", "none"}
    if ask.scope != INTRINSIC:
        keys: dict[str, list[str]] = {}
        for one in fields(read, ask.window, "").data:
            keys.setdefault(LEVELS.get(one.level, ""), []).append(one.key)
        for name in LEVELS.values():
            if keys.get(name) and (every or ask.scope == name):
                names = sorted(set(keys[name]))
                yield name, names[: ask.limit] if ask.limit else names
    if every or ask.scope == INTRINSIC:
        yield INTRINSIC, list(INTRINSICS[: ask.limit] if ask.limit else INTRINSICS)


def _values(read: Read, ask: TagsAsk) -> list[TypedValue]:
    """Return the values, cut to what the client asks for and to one message."""
    found = tag_values(read, ask)
    size = 0
    for at, one in enumerate(found):
        size += len(one.value) + len(one.type) + 8
        if size > CHUNK or (ask.limit and at >= ask.limit):
            return found[:at]
    return found
