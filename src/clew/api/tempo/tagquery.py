"""The search of old clients, `tags` and durations, as a query of today."""

from __future__ import annotations

from collections.abc import Mapping

from clew.model import STATUS_NAMES
from clew.query.literals import FLOAT, INT, print_duration, print_string
from clew.query.regex import escaped

NAMES = {"root.service.name": "rootServiceName", "root.name": "rootName", "name": "name"}
RESOURCE = "service.name"
END_OF_NAME = frozenset(' \t\r\n{}()=~!<>&|^,"\\')


def tag_query(tags: Mapping[str, str], min_ns: int, max_ns: int) -> str:
    """Return the TraceQL of a search by tags: texts match by substring, durations are the trace's."""
    parts = [_condition(key, value) for key, value in sorted(tags.items())]
    if min_ns:
        parts.append(f"traceDuration >= {print_duration(min_ns)}")
    if max_ns:
        parts.append(f"traceDuration <= {print_duration(max_ns)}")
    return "{ " + " && ".join(parts) + " }" if parts else "{ }"


def _condition(key: str, value: str) -> str:
    if key in {"status.code", "status"} and value in STATUS_NAMES.values():
        return f"status = {value}"
    if key == "error" and value == "true":
        return "status = error"
    like = print_string(".*" + escaped(value) + ".*")
    if key in NAMES:
        return f"{NAMES[key]} =~ {like}"
    if key == RESOURCE:
        return f"resource.service.name =~ {like}"
    field = f".{quoted(key)}"
    if INT.fullmatch(value) or FLOAT.fullmatch(value) or value in {"true", "false"}:
        return f"({field} = {value} || {field} =~ {like})"
    return f"{field} =~ {like}"


def quoted(key: str) -> str:
    """Return an attribute's name as it is written in a query, in quotes only where it needs them."""
    if key and not any(char in END_OF_NAME for char in key):
        return key
    return '"' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'
