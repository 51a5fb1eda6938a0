"""The functions that exist and what they take."""

from __future__ import annotations

from dataclasses import dataclass

from clew.query.errors import InvalidQueryError
from clew.query.promql.ast import Aggregate, Call, Expr, Negative, Number, Place, Selector, Subquery, Text

VECTOR, NUMBER, TEXT, RANGE, SUBQUERY, WINDOW = (
    "a metric", "a number", "a text", "a metric with a range", "a subquery", "a range",
)  # fmt: skip
_OVER_TIME = ("avg", "min", "max", "sum", "count", "last", "first", "stddev", "stdvar")
_PLAIN = (
    "abs", "ceil", "floor", "exp", "ln", "log2", "log10", "sqrt", "sgn", "sort", "sort_desc", "absent", "scalar",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Signature:
    """What a function takes, in order; the last `optional` may be left out, the last `repeated` times."""

    takes: tuple[str, ...]
    optional: int = 0
    repeated: bool = False

    def check(self, name: str, given: tuple[Expr, ...], place: Place) -> None:
        """Refuse what a function does not take.

        Raises:
            InvalidQueryError: there are too many, too few or others; says what is taken.
        """
        least, most = len(self.takes) - self.optional, len(self.takes)
        if len(given) < least or (len(given) > most and not self.repeated):
            raise self._wrong(name, f"has {len(given)} arguments", place)
        wanted = [*self.takes, *self.takes[-1:] * max(len(given) - most, 0)]
        for one, kind in zip(given, wanted, strict=False):
            if not _fits(one, kind):
                raise self._wrong(name, f"has no {kind.removeprefix('a ')} where it takes {kind}", place)

    def _wrong(self, name: str, why: str, place: Place) -> InvalidQueryError:
        examples = {RANGE: "metric[5m]", SUBQUERY: "rate(metric[5m])[1h:1m]", WINDOW: "metric[5m] or rate(...)[1h:1m]"}
        takes = ", ".join(examples.get(one, one) for one in self.takes) + (", ..." if self.repeated else "")
        hint = f"write {name}({takes}); metrics are counters, read as growth per minute"
        return InvalidQueryError(f"{name} {why}", start=place.start, end=place.end, hint=hint)


SIGNATURES: dict[str, Signature] = {
    "rate": Signature((RANGE,)),
    "increase": Signature((RANGE,)),
    "irate": Signature((RANGE,)),
    "histogram_quantile": Signature((NUMBER, VECTOR)),
    **{name: Signature((VECTOR,)) for name in _PLAIN},
    "round": Signature((VECTOR, NUMBER), optional=1),
    "clamp": Signature((VECTOR, NUMBER, NUMBER)),
    "clamp_min": Signature((VECTOR, NUMBER)),
    "clamp_max": Signature((VECTOR, NUMBER)),
    "label_replace": Signature((VECTOR, TEXT, TEXT, TEXT, TEXT)),
    "label_join": Signature((VECTOR, TEXT, TEXT, TEXT), optional=1, repeated=True),
    "vector": Signature((NUMBER,)),
    "time": Signature(()),
    **{f"{name}_over_time": Signature((SUBQUERY,)) for name in _OVER_TIME},
    "quantile_over_time": Signature((NUMBER, SUBQUERY)),
    "present_over_time": Signature((WINDOW,)),
    "absent_over_time": Signature((WINDOW,)),
}

SUPPORTED = (
    f"{', '.join(SIGNATURES)}; sum, avg, min, max, count, group, stddev, stdvar, quantile, topk and bottomk with by "
    "and without; + - * / % ^ atan2, comparisons with bool, and, or, unless, each with on, ignoring, group_left and "
    "group_right; subqueries, offset, @, numbers"
)


def is_scalar(expr: Expr) -> bool:
    """Return whether an expression is a number per point of time rather than series."""
    pending = [expr]
    while pending:
        match one := pending.pop():
            case Number():
                pass
            case Negative():
                pending.append(one.operand)
            case Call(name="scalar" | "time"):
                pass
            case Selector() | Subquery() | Text() | Call() | Aggregate():
                return False
            case _:
                pending.extend([one.left, one.right])
    return True


def _fits(expr: Expr, kind: str) -> bool:
    ranged = isinstance(expr, Selector) and expr.range_s is not None
    match kind:
        case "a text":
            return isinstance(expr, Text)
        case "a metric with a range":
            return ranged
        case "a subquery":
            return isinstance(expr, Subquery)
        case "a range":
            return ranged or isinstance(expr, Subquery)
        case "a number":
            return is_scalar(expr)
        case _:
            return not (ranged or isinstance(expr, Subquery | Text) or is_scalar(expr))
