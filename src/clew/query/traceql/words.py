"""The words of the language: fields, values, functions."""

from __future__ import annotations

from clew.query.filters import Value
from clew.query.literals import INT64_MAX, WORDS
from clew.query.traceql.ast import Name

INTRINSICS: dict[str, Name] = {name.value: name for name in Name} | {
    "span:duration": Name.DURATION,
    "span:name": Name.NAME,
    "span:status": Name.STATUS,
    "span:statusMessage": Name.STATUS_MESSAGE,
    "span:kind": Name.KIND,
    "trace:duration": Name.TRACE_DURATION,
    "trace:rootName": Name.ROOT_NAME,
    "trace:rootService": Name.ROOT_SERVICE,
}
"""Every spelling of an intrinsic."""

VALUES: dict[str, Value] = WORDS | {"minInt": -INT64_MAX - 1, "maxInt": INT64_MAX}
"""Every word that is a value."""

KEYWORDS = {"by": "BY", "with": "WITH", "asc": "DIRECTION", "desc": "DIRECTION"}
"""Words with a terminal of their own."""


def terminal(word: str) -> str:
    """Return the terminal of a word."""
    if word in INTRINSICS:
        return "INTRINSIC"
    return "VALUE" if word in VALUES else KEYWORDS.get(word, "WORD")
