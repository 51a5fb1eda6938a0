from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from clew.query.traceql import parse
from shop.load.person import JOURNEYS
from shop.truth import FILE, TruthError, load, table

DEMANDED = {
    "slow-query",
    "pool-exhaustion",
    "retry-storm",
    "cache-key-mistake",
    "stripped-headers",
    "bad-release",
    "cold-starts",
    "queue-lag",
    "clock-step",
    "shared-resource",
    "partial-region",
    "certificate-failure",
    "gc-pauses",
    "n-plus-one",
    "swallowed-error",
    "pii-attributes",
    "high-cardinality",
    "giant-baggage",
    "wrong-kinds",
    "double-instrumentation",
}


def test_the_catalogue_is_complete() -> None:
    """At least 25 faults are written down in full, those that everybody asks about among them."""
    faults = load()
    assert len(faults) >= 25
    assert set(faults) >= DEMANDED


@pytest.mark.parametrize("name", load())
def test_every_question_of_the_truth_is_one_that_clew_takes(name: str) -> None:
    """Each search and metrics query of a fault is TraceQL, and its traffic is made of journeys that people take."""
    fault = load()[name]
    asked = [fault.look]
    for step in fault.find:
        if step.ask in {"search", "trace", "series"}:
            asked.append(step.question)
        if step.ask == "explain":
            asked += step.question.values()
    for text in asked:
        parse(text)
    assert set(fault.traffic["journeys"]) <= set(JOURNEYS)
    assert fault.traffic["visits"] > 0


def test_a_symptom_does_not_give_the_answer_away() -> None:
    """What a person sees first does not repeat the cause."""
    for fault in load().values():
        assert fault.cause not in fault.symptom
        assert fault.symptom.endswith((".", "?"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": "strange"}, "kind strange is none of"),
        ({"cause": None}, "lacks cause"),
        ({"colour": "red"}, "colour is unknown"),
        ({"find": []}, "nothing says how to find it"),
        ({"find": [{"see": "x", "expect": {"min_traces": 1}}]}, "a step asks one of"),
        ({"find": [{"see": "x", "search": "{ }", "expect": {"most": 1}}]}, "most is unknown"),
        ({"where": {"planet": "earth"}}, "planet is unknown"),
        ({"effect": {"signal": "duration"}}, "effect needs"),
    ],
)
def test_a_mistake_in_the_truth_is_named(tmp_path: Path, change: dict[str, object], said: str) -> None:
    """An entry that is incomplete or says something unknown is refused with the fault's name and what is wrong."""
    entry = yaml.safe_load(FILE.read_text())[0] | change
    entry = {key: value for key, value in entry.items() if value is not None}
    path = tmp_path / "faults.yaml"
    path.write_text(yaml.safe_dump([entry]))
    with pytest.raises(TruthError, match=f"slow-query.*{said}"):
        load(path)


def test_a_fault_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    """Names are what faults are switched by, so each stands there once."""
    entry = yaml.safe_load(FILE.read_text())[0]
    path = tmp_path / "faults.yaml"
    path.write_text(yaml.safe_dump([entry, entry]))
    with pytest.raises(TruthError, match="slow-query is there twice"):
        load(path)


def test_the_readme_lists_every_fault() -> None:
    """The table of the README is what the catalogue says."""
    assert table(load()) in (FILE.parent / "README.md").read_text()
