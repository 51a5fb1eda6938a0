"""From the text of a person to a statement that can run: checked twice, bound to a tenant and a range of time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from clew.model import BUCKET_S
from clew.query.answer import Window
from clew.query.read import Read
from clew.query.sql.dialect import parse, write
from clew.query.sql.gate import check
from clew.query.sql.rewrite import Rewritten, rewrite
from clew.query.sql.verify import verify
from clew.store.engine import Param

_NS = 10**9
_MINUTE_S = 60
_U32 = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL over tables with its parameters; the tenant is bound by the read."""

    text: str
    params: dict[str, Param]
    window: Window | None
    """The range that was applied, if any."""


def prepare(read: Read, text: str, window: Window, *, ranged: bool) -> Statement:
    """Return the statement for a query.

    Args:
        read: asks the engine how it reads the statement.
        text: what a person wrote.
        window: a range of time.
        ranged: whether the range was asked for; else it holds only for a query that says nothing about time.

    Raises:
        InvalidQueryError: the text is wrong or asks for what is not allowed; says where.
        QueryGateError: the engine reads it differently.
    """
    written, rewritten = compiled(text, ranged=ranged)
    params = window_params(window)
    explained = read.query(f"EXPLAIN AST {written}", params)
    verify(rewritten.tree, explained.column(0).to_pylist(), read.scope.tenant)
    return Statement(written, params, window if rewritten.windowed else None)


@lru_cache(maxsize=256)
def compiled(text: str, *, ranged: bool) -> tuple[str, Rewritten]:
    """Return the text for the engine and the tree behind it; pure, so the last ones are kept."""
    tree = parse(text)
    check(tree)
    rewritten = rewrite(tree, ranged=ranged)
    return write(rewritten.tree), rewritten


def window_params(window: Window) -> dict[str, Param]:
    """Return the parameters that the conditions of the views use."""
    low, high = window.from_ns // _NS, window.to_ns // _NS
    return {
        "from": window.from_ns,
        "to": window.to_ns,
        "from_bucket": min(low // BUCKET_S * BUCKET_S, _U32),
        "to_bucket": min(high // BUCKET_S * BUCKET_S, _U32),
        "to_minute": min(-(-window.to_ns // (_MINUTE_S * _NS)) * _MINUTE_S, _U32),
    }
