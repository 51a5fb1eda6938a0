"""What both protocol edges need: one object, built once by the composition root."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from clew.access import Authenticator
from clew.config import CorsConfig, LimitsConfig
from clew.model import now_ns
from clew.receive.budget import Budget
from clew.receive.intake import Intake
from clew.receive.refusals import Refusals
from clew.telemetry import Metrics


@dataclass(frozen=True, slots=True)
class Edge:
    """The dependencies of a receiver."""

    intake: Intake
    budget: Budget
    authenticator: Authenticator
    limits: LimitsConfig
    cors: CorsConfig
    metrics: Metrics
    refusals: Refusals
    now: Callable[[], int] = now_ns
    """Wall clock in nanoseconds, for `received`."""
