"""Asks the questions of a tutorial over Clew's public API."""

from __future__ import annotations

from typing import Any

from clew.cli.shop.guide import Span
from clew.testing.running import RunningClew
from clew.testing.scenario.page import Page


class Desk:
    """What the engineer on call has: a page of questions and a Clew that answers them."""

    def __init__(self, clew: RunningClew, page: Page) -> None:
        self.clew = clew
        self.page = page

    def series(self, name: str, span: Span) -> dict[tuple[str, ...], float]:
        """Return the value over a whole window of each series, by the values of its labels."""
        asked = {"q": self.page.questions[name], **span.request, "instant": True, "exemplars": 0}
        told = self.clew.post("/metrics/query", asked)["data"]["series"]
        return {
            tuple(str(label["value"]) for label in one["labels"]): float(one["values"][-1])
            for one in told
            if one["values"][-1] is not None
        }

    def value(self, name: str, span: Span) -> float:
        """Return the value of a query with one series; 0 where it has none."""
        return next(iter(self.series(name, span).values()), 0.0)

    def exemplars(self, name: str, span: Span) -> list[str]:
        """Return the traces that are named behind the points of a query, as an alert would name them."""
        asked = {"q": self.page.questions[name], **span.request, "exemplars": 20}
        told = self.clew.post("/metrics/query", asked)["data"]["series"]
        return [str(exemplar["trace_id"]) for one in told for exemplar in one["exemplars"]]

    def traces(self, name: str, span: Span, *, limit: int = 100) -> list[dict[str, Any]]:
        """Return the traces that a search finds."""
        asked = {"q": self.page.questions[name], **span.request, "limit": limit}
        found: list[dict[str, Any]] = self.clew.post("/search", asked)["data"]["traces"]
        return found

    def rows(self, name: str, span: Span) -> list[list[Any]]:
        """Return the rows of a query in SQL."""
        rows: list[list[Any]] = self.clew.post("/sql", {"sql": self.page.questions[name], **span.request})["data"][
            "rows"
        ]
        return rows

    def differences(self, selected: list[str], base: str, span: Span) -> list[tuple[str, str]]:
        """Return the attributes in which traces differ from those of a search, the clearest first."""
        asked = {"sel": {"ids": selected}, "base": {"q": self.page.questions[base]}, **span.request}
        told = self.clew.post("/explain", asked)["data"]["differences"]
        return [(str(one["key"]), str(one["value"])) for one in told]
