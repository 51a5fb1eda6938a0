"""Where errors begin: failed spans without a failed child."""

from __future__ import annotations

import numpy as np

from clew.derive.forest import Forest
from clew.derive.numbers import Flags, Ints, leaders
from clew.derive.spans import Spans
from clew.model import Status


def origins(spans: Spans, forest: Forest) -> Flags:
    """Return which rows are failed spans none of whose children failed."""
    failed = spans.status == Status.ERROR
    rows = forest.inner
    below = np.zeros(spans.size, np.bool_)
    below[forest.up[rows[failed[rows]]]] = True
    begun: Flags = failed & ~below
    return begun


def first_origins(spans: Spans, begun: Flags, traces: int) -> Ints:
    """Return per trace the row of its earliest origin, -1 where nothing failed."""
    rows = np.flatnonzero(begun)
    order = rows[np.lexsort((spans.span[rows], spans.start[rows], spans.trace[rows]))]
    lead = order[leaders(spans.trace[order])]
    found = np.full(traces, -1)
    found[spans.trace[lead]] = lead
    return found
