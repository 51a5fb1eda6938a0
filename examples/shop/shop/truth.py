"""The truth about every fault: what `faults.yaml` says, read strictly, so that a mistake in it is named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parent.parent / "faults.yaml"
KINDS = ("latency", "errors", "structure", "data", "instrumentation", "time")
DIRECTIONS = ("up", "down", "new", "gone")
PINS = {"service", "operation", "version", "instance", "region", "attribute", "statement", "peer", "host"}
TRAFFIC = {"journeys", "visits", "at_once", "share"}
"""What makes a fault show: which journeys in turn, how many visits, how many at once, and its share of the calls."""
EXPECTATIONS = {
    "search": {"min_traces", "max_traces", "baseline_max_traces"},
    "trace": {"state", "min_duration_ms"},
    "series": {"min_value", "max_value", "min_series", "ratio_over_baseline", "ratio_at_most", "contains"},
    "explain": {"top_attribute", "within"},
    "graph": {"present", "min_error_share"},
    "errors": {"contains", "version"},
    "fields": {"min_keys"},
    "sql": {"min_rows", "min_value", "ratio_over_baseline"},
}
"""What a step asks, and what can be expected of its answer.

    search   TraceQL; traces found in the window of the fault, and in the baseline
    trace    TraceQL; the newest trace that it finds: its state, its length
    series   TraceQL metrics over the whole window as one point; its largest series, beside that of the baseline
    explain  `sel` and `base`, TraceQL; an attribute among the first differences, as `key` and `value`
    graph    `client` and `server` of an edge
    errors   `service`; a text in type or message of an error group, or the version in which it appeared first
    fields   `level` and `prefix`; how many attribute keys there are
    sql      SQL over the views; rows, or the first number of the first row
"""


class TruthError(ValueError):
    """`faults.yaml` is not as it should be; says which fault, and what."""


@dataclass(frozen=True, slots=True)
class Step:
    """One way to see the fault."""

    see: str
    """What to look at, and what one sees."""
    ask: str
    """A key of EXPECTATIONS."""
    question: Any
    """Text, or a mapping, as EXPECTATIONS tells."""
    expect: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault, and everything that is true about it."""

    name: str
    title: str
    kind: str
    symptom: str
    """What a person sees first, without the answer."""
    look: str
    """The search that shows the symptom, TraceQL."""
    where: Mapping[str, str]
    cause: str
    traffic: Mapping[str, Any]
    find: Sequence[Step]
    effect: Mapping[str, str]
    """`signal`, `service`, `operation` and `direction`."""
    fix: str
    needs: Sequence[str] = ()
    """Services without which it does not show; some are only started where their language is installed."""


def entries(path: Path = FILE) -> list[dict[str, Any]]:
    """Return the entries of the file as they are written."""
    import yaml  # noqa: PLC0415 - the shop names the packages that are missing, this one as well

    return list(yaml.safe_load(path.read_text(encoding="utf-8")))


def load(path: Path = FILE) -> dict[str, Fault]:
    """Return the faults by name, in the order of the file.

    Raises:
        TruthError: an entry is incomplete, or says something unknown.
    """
    found: dict[str, Fault] = {}
    for entry in entries(path):
        one = _fault(entry)
        if one.name in found:
            raise TruthError(f"{one.name} is there twice")
        found[one.name] = one
    return found


def table(faults: Mapping[str, Fault]) -> str:
    """Return the faults as the README lists them."""
    rows = [f"| `{one.name}` | {one.kind} | {one.symptom} | {one.title} |" for one in faults.values()]
    return "\n".join(["| fault | kind | what people notice | what it is |", "|---|---|---|---|", *rows]) + "\n"


def _fault(entry: Mapping[str, Any]) -> Fault:
    name = str(entry.get("name", "?"))
    known = {one.name: one for one in fields(Fault)}
    _only(name, entry, set(known))
    if missing := sorted(set(known) - {"needs"} - set(entry)):
        raise TruthError(f"{name} lacks {', '.join(missing)}")
    if entry["kind"] not in KINDS:
        raise TruthError(f"{name}: kind {entry['kind']} is none of {', '.join(KINDS)}")
    _only(name, entry["where"], PINS)
    _only(name, entry["traffic"], TRAFFIC)
    effect = entry["effect"]
    if set(effect) != {"signal", "service", "operation", "direction"} or effect["direction"] not in DIRECTIONS:
        raise TruthError(f"{name}: effect needs signal, service, operation and direction ({', '.join(DIRECTIONS)})")
    if not entry["find"]:
        raise TruthError(f"{name}: nothing says how to find it")
    return Fault(**{**entry, "find": tuple(_step(name, one) for one in entry["find"])})


def _step(name: str, step: Mapping[str, Any]) -> Step:
    asks = [one for one in EXPECTATIONS if one in step]
    if len(asks) != 1:
        raise TruthError(f"{name}: a step asks one of {', '.join(EXPECTATIONS)}, this one {asks or sorted(step)}")
    ask = asks[0]
    _only(name, step, {"see", "expect", ask})
    if not step.get("see") or not step.get("expect"):
        raise TruthError(f"{name}: a step says what to see, and what to expect of {step[ask]}")
    _only(f"{name}: {ask}", step["expect"], EXPECTATIONS[ask])
    return Step(step["see"], ask, step[ask], step["expect"])


def _only(name: str, given: Mapping[str, Any], known: set[str]) -> None:
    if unknown := sorted(set(given) - known):
        raise TruthError(f"{name}: {', '.join(unknown)} is unknown; there are {', '.join(sorted(known))}")
