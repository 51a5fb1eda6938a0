"""The arithmetic of consistent sampling: thresholds and random values of 56 bits, and their place in `tracestate`.

OpenTelemetry's specification, "TraceState: Probability Sampling": a span is kept when its random value is at least the
threshold; `ot=th:...` tells the threshold, from which everybody knows how many traces one stands for.
"""

from __future__ import annotations

from opentelemetry.trace import TraceState

BITS = 56
ALL = 1 << BITS
_MASK = ALL - 1
_DIGITS = BITS // 4
_MEMBER = "ot"


def threshold_of(probability: float) -> int:
    """Return the threshold of a probability; `ALL` keeps nothing."""
    if not 0.0 <= probability <= 1.0:
        raise ValueError(f"a probability lies between 0 and 1, not {probability}")
    return ALL - round(probability * ALL)


def probability_of(threshold: int) -> float:
    """Return the share of traces that a threshold keeps."""
    return (ALL - threshold) / ALL


def print_threshold(threshold: int) -> str:
    """Return a threshold below `ALL` as `tracestate` holds it: hex without trailing zeros, `0` for all."""
    return f"{threshold:0{_DIGITS}x}".rstrip("0") or "0"


def parse_threshold(text: str) -> int | None:
    """Return the threshold that a text spells, or None."""
    if not 0 < len(text) <= _DIGITS or not set("0123456789abcdef").issuperset(text):
        return None
    return int(text.ljust(_DIGITS, "0"), 16)


def randomness(trace_id: int, state: TraceState | None) -> int:
    """Return the random value of a trace: `rv` where it is told, else the low 56 bits of the id."""
    told = _fields(state).get("rv", "")
    if len(told) == _DIGITS and set("0123456789abcdef").issuperset(told):
        return int(told, 16)
    return trace_id & _MASK


def threshold_in(state: TraceState | None) -> int | None:
    """Return the threshold that a trace state tells, or None."""
    return parse_threshold(_fields(state).get("th", ""))


def with_threshold(state: TraceState | None, threshold: int | None) -> TraceState:
    """Return the trace state with this threshold, or without any; other fields and members stay."""
    fields = _fields(state)
    fields.pop("th", None)
    if threshold is not None:
        fields = {"th": print_threshold(threshold), **fields}
    rest = [(key, value) for key, value in (state.items() if state else ()) if key != _MEMBER]
    mine = [(_MEMBER, ";".join(f"{key}:{value}" for key, value in fields.items()))] if fields else []
    return TraceState([*mine, *rest])


def _fields(state: TraceState | None) -> dict[str, str]:
    text = state.get(_MEMBER) if state else None
    pairs = (part.partition(":") for part in (text or "").split(";"))
    return {key: value for key, colon, value in pairs if colon}
