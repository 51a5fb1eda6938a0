"""Where to look: addresses of Clew's pages with query and time filled in, and what the truth says to look for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from clew.cli.client import Client

_SECOND_NS = 1_000_000_000
_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Span:
    """A range of time, in ns."""

    start_ns: int
    end_ns: int

    @property
    def address(self) -> dict[str, str]:
        """Return it as the address of a page has it: whole seconds around it."""
        start, end = self.start_ns // _SECOND_NS, -(-self.end_ns // _SECOND_NS)
        return {"from": str(start * 1000), "to": str(end * 1000)}

    @property
    def request(self) -> dict[str, str]:
        """Return it as requests have it."""
        return {"from": str(self.start_ns), "to": str(self.end_ns)}


def explore(url: str, query: str, span: Span) -> str:
    """Return the address of Explore with a search filled in."""
    return f"{url.rstrip('/')}/explore?{urlencode({'q': query, **span.address}, quote_via=quote)}"


def trace(url: str, trace_id: str) -> str:
    """Return the address of a trace."""
    return f"{url.rstrip('/')}/trace/{trace_id}"


def found(client: Client, query: str, span: Span) -> tuple[int, list[str]]:
    """Return how many traces a search finds in a range, at least, and the newest of them."""
    answer = client.post("/search", {"q": query, **span.request, "limit": _EXAMPLES})
    rows = [str(one["trace_id"]) for one in answer["data"]["traces"]]
    total = answer["meta"]["total"]
    return max(len(rows), int(total["value"]) if total else 0), rows


def steps(url: str, fault: Mapping[str, Any], span: Span) -> Iterator[tuple[str, str, str]]:
    """Yield for each way to find a fault what one sees, how it is asked, and the page that shows it, if one does."""
    for step in fault["find"]:
        ask = next(key for key in step if key not in {"see", "expect"})
        question = step[ask]
        text = question if isinstance(question, str) else ", ".join(f"{key} {one}" for key, one in question.items())
        page = explore(url, question, span) if ask in {"search", "trace"} else ""
        if ask == "explain":
            page = explore(url, question["sel"], span)
        yield step["see"], f"{ask}: {text}", page
