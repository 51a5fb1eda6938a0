"""Nodes of field expressions that no text has: the planner, or another query language, puts them into a tree.

They stand where an intrinsic may stand and bring their own SQL.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from clew.query.plan.values import Val
from clew.query.traceql.ast import Intrinsic, Name

if TYPE_CHECKING:
    from clew.query.plan.fieldsql import FieldSql


@dataclass(frozen=True, slots=True)
class Condition(Intrinsic, ABC):
    """Is true or false for a span, or for the event or link that is looked at."""

    logical: ClassVar[bool] = True
    name: Name = Name.SPAN_ID
    """Says nothing here."""

    @abstractmethod
    def test(self, fields: FieldSql) -> str:
        """Return SQL that is 1 where the condition holds, else 0, in one piece."""


@dataclass(frozen=True, slots=True)
class Value(Intrinsic, ABC):
    """Has a value."""

    name: Name = Name.SPAN_ID
    """Says nothing here."""

    @abstractmethod
    def value(self, fields: FieldSql) -> Val:
        """Return the value."""
