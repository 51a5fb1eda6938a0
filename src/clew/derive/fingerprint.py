"""What makes two errors the same: type, message without its numbers and ids, and the frame that raised."""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

from clew.derive.shapes import stable_hash

MESSAGE_CHARS = 300
FRAME_CHARS = 200
STACK_CHARS = 20_000
"""How much of a stack trace is looked at, from either end."""

_HEX8 = "[0-9a-fA-F]{8}"
_HEX4 = "[0-9a-fA-F]{4}"
TEMPLATES: tuple[tuple[str, str], ...] = (
    (r"\s+", " "),
    (r"[a-zA-Z][a-zA-Z0-9+.-]*://[^\s'\"<>)\]]+", "{url}"),
    (r"[\w.+-]+@[\w-]+\.[\w.-]+", "{email}"),
    (rf"\b{_HEX8}-{_HEX4}-{_HEX4}-{_HEX4}-{_HEX4}{_HEX8}\b", "{id}"),
    (r"\b[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?::[0-9]+)?\b", "{ip}"),
    (r"\b0[xX][0-9a-fA-F]+\b", "{id}"),
    (r"\b[0-9a-fA-F]*[0-9][0-9a-fA-F]*[a-fA-F][0-9a-fA-F]{6,}\b", "{id}"),
    (r"[0-9]+(?:[.,:][0-9]+)*", "{n}"),
)
"""Regular expressions of RE2 and what they are replaced by, in order."""

_PYTHON = re.compile(r'^\s*File "(?P<file>[^"]+)", line \d+, in (?P<name>\S+)', re.MULTILINE)
_JAVA = re.compile(r"^\s*at (?P<name>[\w.$<>/]+)\([^)\n]*\)", re.MULTILINE)
_NODE = re.compile(r"^\s*at (?P<name>[^\n(]+?) \((?P<file>[^)\n]+?)(?::\d+)*\)", re.MULTILINE)
_NODE_BARE = re.compile(r"^\s*at (?P<file>[^\s()]+?)(?::\d+)+$", re.MULTILINE)
_DOTNET = re.compile(r"^\s*at (?P<name>[\w.`<>\[\],+]+)\([^\n]*?\)(?: in |$)", re.MULTILINE)
_GO = re.compile(r"^(?P<name>[\w./*()-]+)\([^\n]*\)\n\t(?P<file>[^\s:]+):\d+", re.MULTILINE)
_GO_RUNTIME = ("runtime.", "runtime/", "panic", "go.opentelemetry.io/")
_RUBY = re.compile(r"^\s*(?:from )?(?P<file>[^\s:]+\.rb):\d+:in [`'](?P<name>[^'\n]+)'", re.MULTILINE)


def message_templates(messages: pa.Array) -> pa.Array:
    """Return messages with numbers, ids, addresses and urls replaced by what they are, so that like meets like."""
    found = pc.utf8_slice_codeunits(messages, 0, 4 * MESSAGE_CHARS)
    for pattern, name in TEMPLATES:
        found = pc.replace_substring_regex(found, pattern, name)
    return pc.utf8_slice_codeunits(pc.utf8_trim_whitespace(found), 0, MESSAGE_CHARS)


def top_frame(stack: str) -> str:
    """Return the function (and file) that raised, without line numbers; empty when no known form is found."""
    head, tail = stack[:STACK_CHARS], stack[-STACK_CHARS:]
    if python := list(_PYTHON.finditer(tail)):
        return _shown(python[-1])  # the last one raised
    for go in _GO.finditer(head):
        if not go["name"].startswith(_GO_RUNTIME):
            return _shown(go)
    for form in (_JAVA, _NODE, _DOTNET, _NODE_BARE, _RUBY):
        if (found := form.search(head)) is not None:
            return _shown(found)
    return ""


def _shown(found: re.Match[str]) -> str:
    parts = found.groupdict()
    file = re.sub(r"^.*/(?=[^/]+/[^/]+$)", "", parts.get("file") or "")
    return " ".join(part for part in (parts.get("name") or "", file) if part)[:FRAME_CHARS]


def fingerprint(service: str, kind: str, template: str, frame: str) -> int:
    """Return the 64 bits that name an error."""
    return stable_hash(f"{service}\x1f{kind}\x1f{template}\x1f{frame}")
