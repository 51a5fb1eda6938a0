"""Where a trace is, or why it may not be here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from clew.query.answer import Answer, Meta
from clew.query.params import Params
from clew.query.read import Read
from clew.query.trace import where_trace


@dataclass(frozen=True, slots=True)
class Where:
    """The state of one trace id."""

    trace_id: str
    state: Literal["stored", "pending", "never_seen", "expired"]
    normalised: bool
    detail: str
    hint: str


def where(read: Read, given: str, trace_id: str, *, pending: bool | None) -> Answer[Where]:
    """Return where a trace is.

    Args:
        read: the running read.
        given: the id as it was asked for.
        trace_id: the same in its normal form.
        pending: whether the journal holds spans of it, `None` when unknown.
    """
    params = Params()
    condition, indexed = where_trace(read, trace_id, params)
    stored = indexed is not None
    if not stored:
        sql = f"SELECT 1 FROM spans WHERE tenant = {{tenant:String}} AND {condition} LIMIT 1"
        stored = read.query(sql, params.values).num_rows > 0
    normalised = given != trace_id
    if stored:
        found = Where(trace_id, "stored", normalised, "its spans are stored", "open it")
    elif pending:
        found = Where(trace_id, "pending", normalised, "its spans are in the journal", "ask again in two seconds")
    else:
        hint = "check that the application sends to this address and that the trace was sampled, or widen the retention"
        found = Where(trace_id, "never_seen", normalised, "no span of it is stored: never sent here, or expired", hint)
    return Answer(found, Meta(scanned=read.scanned))
