"""Parameters that several routes share."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query

from clew.api.models.search import TIME

From = Annotated[str, Query(alias="from", max_length=64, description=TIME, examples=["now-1h"])]
To = Annotated[str, Query(max_length=64, description=TIME, examples=["now"])]
Prefix = Annotated[str, Query(max_length=256, description="only what begins so")]
TraceIdPath = Annotated[
    str,
    Path(
        description="1 to 32 hex digits, padded on the left",
        pattern="^[0-9a-fA-F]{1,32}$",
        examples=["4bf92f3577b34da6a3ce929d0e0e4736"],
    ),
]
SpanIdPath = Annotated[
    str, Path(description="1 to 16 hex digits", pattern="^[0-9a-fA-F]{1,16}$", examples=["00f067aa0ba902b7"])
]
