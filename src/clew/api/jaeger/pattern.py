"""Patterns of structured filters: RE2 without what Jaeger's stores do not share, found anywhere in a text."""

from __future__ import annotations

import re
from collections.abc import Iterator

_TOKEN = re.compile(
    r"""
      \\Q (?: (?!\\E) . )* (?: \\E )?                     # literal text
    | \\[pPx] \{ [^}]* \}                                 # a class or a character by name
    | \\.                                                 # any other escape
    | \[ \^? \]? (?: \\. | \[: [^\]]* :\] | [^\]\\] )* \]  # a class in brackets
    | \( \? P? < [^>]* >                                  # a named group
    | \( \? [a-zA-Z-]* [:)]                               # flags
    | (?: [*+?] | \{ [0-9]+ (?: , [0-9]* )? \} ) \??      # a repetition
    | .
    """,
    re.DOTALL | re.VERBOSE,
)
ANCHORS = frozenset({"^", "$", r"\A", r"\z"})
BOUNDARIES = frozenset({r"\b", r"\B"})


def complaints(pattern: str) -> Iterator[str]:
    """Yield what a pattern may not have: anchors, word boundaries, lazy repetitions and flags that change the case.

    Whether it is an RE2 pattern at all the engine decides.
    """
    for found in _TOKEN.finditer(pattern):
        token = found[0]
        if token in ANCHORS:
            yield f"{token} at character {found.start()}: a pattern is looked for anywhere, so it has no anchors"
        elif token in BOUNDARIES:
            yield f"{token} at character {found.start()}: a pattern has no word boundaries"
        elif len(token) > 1 and token[0] in "*+?{" and token.endswith("?"):
            yield f"{token} at character {found.start()}: a repetition cannot be lazy"
        elif token.startswith("(?") and set(token[2:].partition("-")[0]) & set("iU") and token[2:3] not in {"P", "<"}:
            yield f"{token} at character {found.start()}: flags cannot fold the case or make repetitions lazy"
