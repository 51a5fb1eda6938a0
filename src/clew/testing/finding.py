"""Asks a running Clew how a fault of the shop shows, as `examples/shop/faults.yaml` says, over the public API alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from clew.cli.shop.guide import Span
from clew.testing.running import RunningClew

_MOST = 500
_SMALLEST = 1e-9


class Finder:
    """Asks questions in the window of a fault, and where that matters in the baseline before it."""

    def __init__(self, clew: RunningClew, fault: Span, baseline: Span) -> None:
        self._clew = clew
        self._fault = fault
        self._baseline = baseline
        self._asks: dict[str, Callable[[Any, Mapping[str, Any]], list[str]]] = {
            "search": self._search,
            "trace": self._trace,
            "series": self._series,
            "explain": self._explain,
            "graph": self._graph,
            "errors": self._errors,
            "fields": self._fields,
            "sql": self._sql,
        }

    def complaints(self, ask: str, question: Any, expect: Mapping[str, Any]) -> list[str]:
        """Return what does not come back as expected; nothing when all of it does.

        Args:
            ask: what kind of question it is, see `examples/shop/shop/truth.py`.
            question: text, or a mapping.
            expect: what has to come back.
        """
        return self._asks[ask](question, expect)

    def _search(self, query: str, expect: Mapping[str, Any]) -> list[str]:
        now = len(self._found(query, self._fault))
        said = [] if now >= expect.get("min_traces", 0) else [f"{now} traces, not {expect['min_traces']}"]
        if now > expect.get("max_traces", now):
            said.append(f"{now} traces, not at most {expect['max_traces']}")
        if "baseline_max_traces" in expect:
            before = len(self._found(query, self._baseline))
            if before > expect["baseline_max_traces"]:
                said.append(f"{before} traces in the baseline, not at most {expect['baseline_max_traces']}")
        return said

    def _trace(self, query: str, expect: Mapping[str, Any]) -> list[str]:
        said = ["no trace"]
        for row in self._found(query, self._fault):
            told = self._clew.get(f"/traces/{row['trace_id']}/summary")["data"]
            long_enough = told["duration_ns"] >= expect.get("min_duration_ms", 0) * 1e6
            if long_enough and told["state"] == expect.get("state", told["state"]):
                return []
            said = [f"the last trace is {told['state']}, {told['duration_ns'] / 1e6:.0f} ms"]
        return said

    def _found(self, query: str, window: Span) -> list[dict[str, Any]]:
        """Return the traces that began in a window; a search also finds those that reach into it."""
        answer = self._clew.post("/search", {"q": query, **window.request, "limit": _MOST})
        return [one for one in answer["data"]["traces"] if int(one["start_ns"]) >= window.start_ns]

    def _series(self, query: str, expect: Mapping[str, Any]) -> list[str]:
        now, labels = self._values(query, self._fault)
        most = max(now, default=0.0)
        said = []
        if most < expect.get("min_value", most):
            said.append(f"{most:g}, not at least {expect['min_value']}")
        if most > expect.get("max_value", most):
            said.append(f"{most:g}, not at most {expect['max_value']}")
        if len(now) < expect.get("min_series", 0):
            said.append(f"{len(now)} series, not {expect['min_series']}: {labels}")
        if "contains" in expect and not any(expect["contains"] in one for one in labels):
            said.append(f"no series of {expect['contains']}: {labels}")
        if {"ratio_over_baseline", "ratio_at_most"} & set(expect):
            before = max(self._values(query, self._baseline)[0], default=0.0)
            ratio = most / max(before, _SMALLEST)
            if not expect.get("ratio_over_baseline", 0) <= ratio <= expect.get("ratio_at_most", ratio):
                said.append(f"{most:g} after {before:g}: {ratio:.2f} times")
        return said

    def _values(self, query: str, window: Span) -> tuple[list[float], list[str]]:
        """Return the points of a query over the whole window, those above zero, and the labels of their series."""
        answer = self._clew.post("/metrics/query", {"q": query, **window.request, "instant": True, "exemplars": 0})
        points = [
            (float(one["values"][-1]), str(one["labels"]))
            for one in answer["data"]["series"]
            if one["values"] and one["values"][-1]
        ]
        return [value for value, _ in points], [label for _, label in points]

    def _explain(self, sides: Mapping[str, str], expect: Mapping[str, Any]) -> list[str]:
        body = {name: {"q": query} for name, query in sides.items()}
        told = self._clew.post("/explain", {**body, **self._fault.request})["data"]
        wanted = expect["top_attribute"]
        first = [(one["key"], one["value"]) for one in told["differences"][: expect.get("within", 10)]]
        if (wanted["key"], wanted["value"]) in first:
            return []
        return [f"{wanted} is none of the first differences of {told['selected']} and {told['baseline']}: {first}"]

    def _graph(self, ends: Mapping[str, str], expect: Mapping[str, Any]) -> list[str]:
        told = self._clew.get(f"/graph?from={self._fault.start_ns}&to={self._fault.end_ns}")["data"]["edges"]
        edges = [one for one in told if (one["client"], one["server"]) == (ends["client"], ends["server"])]
        if bool(edges) != expect.get("present", True):
            return [f"{ends} is {'there' if edges else 'not there'}"]
        share = max((one["now"]["error_share"] for one in edges), default=0.0)
        least = expect.get("min_error_share", 0.0)
        return [] if share >= least else [f"{share:.0%} of the calls failed, not {least:.0%}"]

    def _errors(self, question: Mapping[str, str], expect: Mapping[str, Any]) -> list[str]:
        asked = f"/errors?service={question['service']}&from={self._fault.start_ns}&to={self._fault.end_ns}"
        groups = self._clew.get(asked)["data"]["groups"]
        for one in groups:
            named = str(expect["contains"]).lower() in f"{one['type']} {one['message']}".lower()
            if named and expect.get("version", one["first_version"]) == one["first_version"]:
                return []
        return [f"no such group: {[(one['type'], one['message'], one['first_version']) for one in groups]}"]

    def _fields(self, question: Mapping[str, str], expect: Mapping[str, Any]) -> list[str]:
        asked = f"/fields?prefix={question['prefix']}&from={self._fault.start_ns}&to={self._fault.end_ns}"
        keys = [one["key"] for one in self._clew.get(asked)["data"] if one["level"] == question["level"]]
        return [] if len(keys) >= expect["min_keys"] else [f"{len(keys)} keys, not {expect['min_keys']}: {keys}"]

    def _sql(self, text: str, expect: Mapping[str, Any]) -> list[str]:
        rows = self._rows(text, self._fault)
        value = float(rows[0][0] or 0) if rows else 0.0
        said = [] if len(rows) >= expect.get("min_rows", 0) else [f"{len(rows)} rows, not {expect['min_rows']}"]
        if value < expect.get("min_value", value):
            said.append(f"{value:g}, not at least {expect['min_value']}")
        if "ratio_over_baseline" in expect:
            before = self._rows(text, self._baseline)
            base = float(before[0][0] or 0) if before else 0.0
            if value < expect["ratio_over_baseline"] * max(base, _SMALLEST):
                said.append(f"{value:g} after {base:g}")
        return said

    def _rows(self, text: str, window: Span) -> list[list[Any]]:
        return list(self._clew.post("/sql", {"sql": text, **window.request})["data"]["rows"])
