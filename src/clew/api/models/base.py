"""What every model shares: built from the dataclasses of `query`, nanoseconds as decimal strings."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema

MAX_QUERY = 131_072
"""Longest text of a query in characters."""

Ns = Annotated[
    int,
    PlainSerializer(str, return_type=str),
    WithJsonSchema(
        {"type": "string", "pattern": "^-?[0-9]+$", "examples": ["1760000000000000000"]}, mode="serialization"
    ),
]
"""A point in time in UTC nanoseconds: a decimal string on the wire, since a JSON number would be rounded."""

TraceId = Annotated[str, Field(pattern="^[0-9a-f]{32}$", examples=["4bf92f3577b34da6a3ce929d0e0e4736"])]
SpanId = Annotated[str, Field(pattern="^[0-9a-f]{16}$", examples=["00f067aa0ba902b7"])]


class Model(BaseModel):
    """An answer; read from the attributes of what `query` returns."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class RequestModel(BaseModel):
    """A request body; unknown keys are an error, so that a typing mistake is not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)
