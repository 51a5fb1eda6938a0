"""The condition that a span is one of those that links lead to, or has a link to one of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clew.query.params import Params
from clew.query.plan.made import Condition
from clew.query.traceql.ast import Name, SpansetOp

if TYPE_CHECKING:
    from clew.query.plan.fieldsql import FieldSql


@dataclass(frozen=True, slots=True)
class Linked(Condition):
    """Spans by trace and id."""

    op: SpansetOp = SpansetOp.LINK_TO
    traces: tuple[bytes, ...] = ()
    spans: tuple[int, ...] = ()

    @classmethod
    def of(cls, op: SpansetOp, pairs: Iterable[tuple[bytes, int]]) -> Linked:
        """Return the condition for the spans that a link operator leads to."""
        listed = sorted(set(pairs))
        return cls(
            Name.LINK_SPAN_ID, op=op, traces=tuple(one for one, _ in listed), spans=tuple(one for _, one in listed)
        )

    def test(self, fields: FieldSql) -> str:
        """Return SQL that is 1 for those spans."""
        return self.sql(fields.params)

    def sql(self, params: Params) -> str:
        """Return SQL that is 1 for those spans."""
        if not self.spans:
            return "0"
        pairs = f"arrayZip({params.ids(self.traces)}, {params.bind(list(self.spans), 'Array(UInt64)')})"
        members = f"(SELECT arrayJoin({pairs}))"
        if self.op is SpansetOp.LINK_TO:
            return f"(trace_id IN {params.ids(sorted(set(self.traces)))} AND (trace_id, span_id) IN {members})"
        return f"arrayExists(one -> one IN {members}, arrayZip(`links.trace_id`, `links.span_id`))"
