"""Error groups."""

from __future__ import annotations

from pydantic import Field

from clew.api.models.base import Model, Ns, TraceId


class ErrorGroup(Model):
    """Exceptions and failed spans with the same service, type, message template and top frame."""

    fingerprint: str = Field(pattern="^[0-9a-f]{16}$")
    service: str
    type: str
    message: str = Field(description="template: numbers, ids and addresses stand as {n}, {id}, {ip}, {url}, {email}")
    frame: str = Field(description="function and file that raised, without line")
    n: int = Field(description="occurrences as stored")
    origins: int = Field(description="of these, where the error began: no child of the span failed")
    traces: int
    first_ns: Ns
    last_ns: Ns
    versions: list[str]
    first_version: str = Field(description="version of the service in which it appeared first in the range")
    example: TraceId | None
    sparkline: list[int] = Field(description="occurrences per step")


class ErrorList(Model):
    """Error groups, the most frequent first."""

    start_ms: list[int]
    step_ms: int
    groups: list[ErrorGroup]


class ErrorVersion(Model):
    """Occurrences in one version of the service."""

    version: str
    n: int


class ErrorDetail(Model):
    """One error group in the range, and in all data that is kept."""

    group: ErrorGroup
    start_ms: list[int]
    step_ms: int
    known_since_ns: Ns = Field(description="first occurrence in all data that is kept")
    known_until_ns: Ns
    all: int = Field(description="occurrences in all data that is kept")
    by_version: list[ErrorVersion] = Field(description="in all data that is kept, in the order of appearance")
    examples: list[TraceId] = Field(description="traces with it, the newest first")
