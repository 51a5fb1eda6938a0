"""What receivers accept."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from clew.config.section import Bytes, Section


class LimitsConfig(Section):
    """Bounds of the receivers; beyond them a request is refused, never cut."""

    request_max_bytes: Bytes = 64 << 20
    """Largest request body as it is sent, compressed or not; larger is 413 / RESOURCE_EXHAUSTED."""
    decoded_max_bytes: Bytes = 64 << 20
    """Largest request body after decompression; larger is 413 / RESOURCE_EXHAUSTED."""
    inflight_max_bytes: Bytes = 256 << 20
    """Bytes of requests held in memory at once; beyond it new requests get 429 / RESOURCE_EXHAUSTED with a delay."""
    header_max_bytes: Annotated[Bytes, Field(ge=1024)] = 32 << 10
    """Largest HTTP request head, on port 3200 without its request line; larger is 431."""
    header_timeout_s: Annotated[float, Field(gt=0)] = 10.0
    """Time for a client to send a complete request head."""
    body_timeout_s: Annotated[float, Field(gt=0)] = 30.0
    """Time that a request body may make no progress; a client slower than `body_min_rate_bytes` is cut as well."""
    body_min_rate_bytes: Bytes = 1024
    """Least average bytes a second of a request body once `body_timeout_s` has passed."""
    idle_timeout_s: Annotated[float, Field(gt=0)] = 120.0
    """Time that a kept-alive HTTP connection may be idle."""
    max_connections: Annotated[int, Field(ge=1)] = 4096
    """Open OTLP/HTTP connections; beyond it new ones get 503 with a delay."""
    max_concurrent_rpcs: Annotated[int, Field(ge=1)] = 1024
    """OTLP/gRPC calls at once; beyond it new ones get UNAVAILABLE with a delay."""
    retry_after_s: Annotated[int, Field(ge=1, le=3600)] = 1
    """Delay in seconds that a refused client is asked to wait."""
