"""Series in memory: arithmetic, thresholds, the largest of them, point by point. NaN is a point that is not there."""

from __future__ import annotations

import operator
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from clew.derive.numbers import Floats
from clew.query.filters import Duration, Value
from clew.query.plan.labels import order
from clew.query.plan.series import Exemplar, Labels
from clew.query.traceql.ast import FieldOp, SecondStage, Threshold, TopK

NAME = "__name__"
"""The label of a series that has no other."""

_COMPARE: dict[FieldOp, Callable[[Floats, float], npt.NDArray[np.bool_]]] = {
    FieldOp.EQ: operator.eq,
    FieldOp.NE: operator.ne,
    FieldOp.LT: operator.lt,
    FieldOp.LE: operator.le,
    FieldOp.GT: operator.gt,
    FieldOp.GE: operator.ge,
}
_ARITHMETIC: dict[FieldOp, Callable[[Floats, Floats], Floats]] = {
    FieldOp.ADD: operator.add,
    FieldOp.SUB: operator.sub,
    FieldOp.MUL: operator.mul,
    FieldOp.DIV: operator.truediv,
}


@dataclass(frozen=True, slots=True)
class Frame:
    """Some series over the same points, in the order of `labels.order`."""

    name: str
    """What they are of, for series without labels: `rate`, `(rate / rate)`."""
    labels: list[Labels]
    values: Floats
    """Series by points."""
    exemplars: list[list[Exemplar]] = field(default_factory=list)

    def kept(self, wanted: npt.NDArray[np.bool_]) -> Frame:
        """Return the frame with only the wanted points; a series without any is left out."""
        values = np.where(wanted, self.values, np.nan)
        rows = np.flatnonzero(~np.isnan(values).all(axis=1)) if values.size else np.array([], np.intp)
        exemplars = [self.exemplars[row] for row in rows] if self.exemplars else []
        return Frame(self.name, [self.labels[row] for row in rows], values[rows], exemplars)

    def second(self, stages: tuple[SecondStage, ...]) -> Frame:
        """Return the frame after `topk`, `bottomk` and comparisons, from left to right."""
        found = self
        for stage in stages:
            found = found._top(stage) if isinstance(stage, TopK) else found._threshold(stage)
        return found

    def _threshold(self, stage: Threshold) -> Frame:
        with np.errstate(invalid="ignore"):
            passes = _COMPARE[stage.op](self.values, number(stage.value))
        return self.kept(passes & ~np.isnan(self.values))

    def _top(self, stage: TopK) -> Frame:
        """Keep the n largest of each point; of equal ones those that come first in the order of series."""
        sign = 1.0 if stage.bottom else -1.0
        ranked = np.argsort(sign * self.values, axis=0, kind="stable")  # NaN goes last
        chosen = np.zeros(self.values.shape, np.bool_)
        np.put_along_axis(chosen, ranked[: stage.n], values=True, axis=0)
        return self.kept(chosen)


def framed(name: str, labels: list[Labels], values: Floats, exemplars: list[list[Exemplar]] | None = None) -> Frame:
    """Return a frame whose series are put into order; series that have no point at all are left out."""
    ranks = sorted(range(len(labels)), key=lambda row: order(labels[row]))
    rows = [row for row in ranks if not np.isnan(values[row]).all()]
    found = [exemplars[row] for row in rows] if exemplars else []
    return Frame(name, [labels[row] for row in rows], values[rows], found)


def number(value: Value) -> float:
    """Return a literal as series have it: durations in seconds."""
    assert isinstance(value, int | float), value  # noqa: S101 - the checker lets nothing else through
    return value / 1e9 if isinstance(value, Duration) else float(value)


def combine(op: FieldOp, left: Frame | float, right: Frame | float) -> Frame | float:
    """Return the sum, difference, product or quotient; anything divided by zero is no point.

    Series with the same labels belong together, those without a partner are left out; a side of one series without
    labels goes with every series of the other.
    """
    name = f"({_shown(left)} {op.value} {_shown(right)})"
    if isinstance(left, Frame) and isinstance(right, Frame):
        pairs = _pairs(left, right)
        rows = [left.values[one] for one, _ in pairs], [right.values[other] for _, other in pairs]
        shape = (len(pairs), left.values.shape[1])
        values = _apply(op, *(np.array(side).reshape(shape) for side in rows))
        labels = [_plain(left.labels[one]) or _plain(right.labels[other]) for one, other in pairs]
        exemplars = [
            [*(left.exemplars[one] if left.exemplars else ()), *(right.exemplars[other] if right.exemplars else ())]
            for one, other in pairs
        ]
    elif isinstance(left, Frame) or isinstance(right, Frame):
        frame = left if isinstance(left, Frame) else right
        assert isinstance(frame, Frame)  # noqa: S101 - one of them is
        first, second = (
            one.values if isinstance(one, Frame) else np.full(frame.values.shape, one) for one in (left, right)
        )
        values = _apply(op, first, second)
        labels, exemplars = [_plain(one) for one in frame.labels], frame.exemplars
    else:
        return float(_apply(op, np.array([left]), np.array([right]))[0])
    return framed(name, [one or {NAME: name} for one in labels], values, exemplars)


def _apply(op: FieldOp, left: Floats, right: Floats) -> Floats:
    with np.errstate(all="ignore"):
        values = _ARITHMETIC[op](left, right)
    return np.where(np.isfinite(values), values, np.nan)


def _pairs(left: Frame, right: Frame) -> list[tuple[int, int]]:
    if _single(left) != _single(right):
        if _single(left):
            return [(0, other) for other in range(len(right.labels))]
        return [(one, 0) for one in range(len(left.labels))]
    partners = {identity(labels): row for row, labels in enumerate(right.labels)}
    found = ((row, partners.get(identity(labels))) for row, labels in enumerate(left.labels))
    return [(one, other) for one, other in found if other is not None]


def _single(frame: Frame) -> bool:
    return len(frame.labels) == 1 and not _plain(frame.labels[0])


def _plain(labels: Labels) -> Labels:
    return {key: value for key, value in labels.items() if key != NAME}


def identity(labels: Labels) -> Hashable:
    """Return what equal labels have in common, whatever their order; types count, names of ungrouped series do not."""
    return frozenset((key, type(value), repr(value)) for key, value in _plain(labels).items())


def _shown(side: Frame | float) -> str:
    return side.name if isinstance(side, Frame) else f"{side:g}"
