"""A tutorial as a source of questions: the named blocks of a page under `docs/guide`."""

from __future__ import annotations

import re
from pathlib import Path

GUIDE = Path(__file__).parents[4] / "docs" / "guide"
_BLOCK = re.compile(r"^```(traceql|sql) (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


class Page:
    """One tutorial."""

    def __init__(self, name: str) -> None:
        """Read it.

        Args:
            name: of the scenario, such as `checkout-latency`.
        """
        self.path = GUIDE / f"scenario-{name}.md"
        self.text = self.path.read_text()
        found = _BLOCK.findall(self.text)
        self.questions = {title: " ".join(body.split()) for _, title, body in found}
        """Text by name, on one line."""
        self.sql = frozenset(title for language, title, _ in found if language == "sql")
        """Names of those in SQL; the others are TraceQL."""
        self.links = _LINK.findall(self.text)
        """Files that it points to, from its folder."""
