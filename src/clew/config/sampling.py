"""What SDKs are told about head sampling, through Jaeger's remote sampling API."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from clew.config.section import Section

Share = Annotated[float, Field(ge=0, le=1)]
"""A probability between 0 and 1."""


class Strategy(Section):
    """How much of one service's traces is kept: a share, or a rate."""

    probability: Share | None = None
    """Share of all traces, 0 to 1."""
    traces_per_second: Annotated[int, Field(ge=0)] | None = None
    """Most traces a second; not together with `probability` or `operations`."""
    operations: dict[str, Share] = Field(default_factory=dict)
    """Shares of single operations (names of spans); others keep `probability`."""
    lower_bound_per_second: Annotated[float, Field(ge=0)] = 0.0
    """Traces a second that are kept of every operation however small its share, by SDKs that heed it."""
    upper_bound_per_second: Annotated[float, Field(ge=0)] | None = None
    """Most traces a second of one operation, by SDKs that heed it."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.traces_per_second is not None and (self.probability is not None or self.operations):
            raise ValueError("give either traces_per_second, or probability and operations")
        return self


class SamplingConfig(Section):
    """Strategies by service; a change of the file is in force within seconds, without a restart."""

    default: Strategy = Strategy(probability=1.0)
    """For services that are not named."""
    services: dict[str, Strategy] = Field(default_factory=dict)
    """By the name of the service."""
