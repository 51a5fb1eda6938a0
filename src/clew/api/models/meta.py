"""The frame of every answer: `data` and `meta`, or a problem."""

from __future__ import annotations

from typing import Any, Generic, Literal, TypeVar

from pydantic import Field

from clew.api.models.base import Model, Ns

T = TypeVar("T")


class Total(Model):
    """How many there are in all."""

    value: int
    exact: bool = Field(description="false: at least `value`, or about that where `sampled` is set")


class Truncated(Model):
    """Why the answer is not whole, and what to do."""

    reason: str
    limit: int
    hint: str


class Sampled(Model):
    """The answer is an estimate from a random part, scaled up."""

    rate: float = Field(description="the share that was counted")
    ci: list[float] = Field(description="95 % interval of `total`")


class Incomplete(Model):
    """A trace whose structure is not known for sure; relations that are not known do not match."""

    trace_id: str
    reasons: list[Literal["no_root", "missing_parent", "shared_id"]]


class Scanned(Model):
    """What the read has cost."""

    rows: int
    bytes: int
    ms: float


class Window(Model):
    """The time range that was used, after `now` was resolved."""

    from_ns: Ns
    to_ns: Ns


class Meta(Model):
    """What an answer leaves out, counts and costs; never silently partial."""

    total: Total | None = None
    returned: int = 0
    truncated: Truncated | None = None
    sampled: Sampled | None = None
    scanned: Scanned = Scanned(rows=0, bytes=0, ms=0)
    window: Window | None = None
    fresh_ns: Ns | None = Field(default=None, description="start of the newest stored span")
    duplicates: int = Field(default=0, description="identical spans that were sent again and are shown once")
    incomplete: list[Incomplete] = Field(
        default=[],
        description="traces of the answer that lack a root or parents, or have three spans of one id",
    )
    gen: str = Field(default="", description="changes when the data behind the answer changes")


class Envelope(Model, Generic[T]):
    """Every answer with status 200."""

    data: T
    meta: Meta


class Problem(Model):
    """RFC 9457 problem details."""

    type: str = Field(examples=["/docs/reference/errors#invalid_query"])
    title: str
    status: int
    detail: str
    code: str = Field(description="stable name of the error")
    hint: str = Field(description="what to change so that it works")
    doc: str
    request_id: str
    errors: list[dict[str, Any]] | None = Field(None, description="one entry per wrong parameter or piece of a query")
