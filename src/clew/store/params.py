"""Bound parameters: the one place that turns a value into the text that `{name:Type}` is parsed from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from clew.store.engine import Param

_ESCAPES = {
    ord("\\"): "\\\\",
    ord("\b"): "\\b",
    ord("\f"): "\\f",
    ord("\n"): "\\n",
    ord("\r"): "\\r",
    ord("\t"): "\\t",
    ord("\0"): "\\0",
    ord("'"): "\\'",
}


def escape(text: str) -> str:
    """Return text as ClickHouse's escaped form, which its parser turns back into the same text."""
    return text.translate(_ESCAPES)


def literal(value: str | bytes) -> str:
    """Return a quoted SQL literal, for the few statements that take no parameters."""
    return f"'{_scalar(value)}'"


def _scalar(value: str | float | bytes) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, bytes):
        return "\\x" + value.hex(".").replace(".", "\\x") if value else ""
    return repr(value)


def _element(value: str | float | bytes) -> str:
    return f"'{_scalar(value)}'" if isinstance(value, str | bytes) else _scalar(value)


def bind(params: Mapping[str, Param] | None) -> dict[str, str]:
    """Return the text of each parameter, the same for the embedded engine and for `param_<name>` over HTTP."""
    bound: dict[str, str] = {}
    for name, value in (params or {}).items():
        if isinstance(value, Sequence) and not isinstance(value, str | bytes):
            bound[name] = "[" + ",".join(_element(item) for item in value) + "]"
        else:
            bound[name] = _scalar(value)
    return bound
