"""Services, operations and their rate, errors and durations."""

from __future__ import annotations

from pydantic import Field

from clew.api.models.base import Model, Ns


class Service(Model):
    """One service in a time range."""

    service: str
    spans: int
    errors: int
    p50_ns: float | None
    p95_ns: float | None
    last_seen_ns: Ns


class Operation(Model):
    """One span name of a service."""

    name: str
    kind: str
    spans: int
    errors: int
    p50_ns: float | None
    p95_ns: float | None
    p99_ns: float | None
    rate: float = Field(description="spans per second")
    error_share: float
    share: float = Field(description="of the time of all spans of the service, nested ones counted each")


class ServiceSeries(Model):
    """The series of one service."""

    service: str
    rate: list[float]
    errors: list[float]
    p50_ns: list[float | None]
    p95_ns: list[float | None]
    p99_ns: list[float | None]
    n: list[int]


class RedSeries(Model):
    """Rate, errors and durations per step; entry i covers (start_ms[i], start_ms[i] + step_ms]."""

    start_ms: list[int]
    step_ms: int
    rate: list[float] = Field(description="spans per second")
    errors: list[float] = Field(description="spans with status error per second")
    p50_ns: list[float | None]
    p95_ns: list[float | None]
    p99_ns: list[float | None]
    n: list[int] = Field(description="stored spans; p95 needs 59, p99 needs 299")
    series: list[ServiceSeries] = Field(description="with by=service one per service; the lists above are empty then")
