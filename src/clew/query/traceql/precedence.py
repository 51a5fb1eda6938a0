"""How strongly operators bind: a flat chain of operands becomes a tree.

From weak to strong: `&&` and `||` alike; comparisons and relations of spansets alike; `+ -` and the minus before a
field; `!`; `* / %`; `^`, which binds to the right; the minus before a constant.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from lark import Token

from clew.query.errors import InvalidQueryError
from clew.query.traceql.ast import Static

LOGIC, COMPARE, SUM, NOT, PRODUCT, POWER = range(1, 7)
_SIGNS = {"&&": LOGIC, "||": LOGIC, "+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "%": PRODUCT, "^": POWER}
_PREFIXES = {"!": NOT, "-": SUM}
MAX_PREFIXES = 64
"""Most operators before an operand, or powers of powers, in one chain."""


def level(sign: str) -> int:
    """Return how strongly an operator between operands binds; every one not named here compares."""
    return _SIGNS.get(sign, COMPARE)


Node = TypeVar("Node")


class Chain(Generic[Node]):
    """Operands, which are nodes, with operators between and before them, which are tokens."""

    def __init__(
        self,
        items: Sequence[Node | Token],
        combine: Callable[[Token, Node, Node], Node],
        prefix: Callable[[Token, Node], Node],
    ) -> None:
        self._items = items
        self._combine = combine
        self._prefix = prefix
        self._at = 0
        self._depth = 0

    def tree(self) -> Node:
        """Return the root of the tree.

        Raises:
            InvalidQueryError: too many operators stand before one operand.
        """
        return self._climb(LOGIC)

    def _climb(self, weakest: int) -> Node:
        left = self._operand()
        while self._at < len(self._items):
            sign = self._items[self._at]
            assert isinstance(sign, Token)  # noqa: S101 - so the grammar has it
            strength = level(sign)
            if strength < weakest:
                break
            self._at += 1
            right = self._deeper(sign, strength if strength == POWER else strength + 1)
            left = self._combine(sign, left, right)
        return left

    def _operand(self) -> Node:
        item = self._items[self._at]
        self._at += 1
        if not isinstance(item, Token):
            return item
        following = self._items[self._at]
        if item == "-" and isinstance(following, Static):
            self._at += 1
            return self._prefix(item, following)
        return self._prefix(item, self._deeper(item, _PREFIXES[item] + 1))

    def _deeper(self, sign: Token, weakest: int) -> Node:
        self._depth += 1
        if self._depth > MAX_PREFIXES:
            hint = f"at most {MAX_PREFIXES} in a row"
            start, end = sign.start_pos or 0, sign.end_pos or 0
            raise InvalidQueryError("too many operators in a row", start=start, end=end, hint=hint)
        node = self._climb(weakest)
        self._depth -= 1
        return node
