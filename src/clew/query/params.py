"""Values of a query as bound parameters: SQL text holds their names, never the values."""

from __future__ import annotations

from collections.abc import Sequence

from clew.query.filters import Value, value_type
from clew.store.engine import Param


class Params:
    """Collects values and hands out placeholders."""

    def __init__(self) -> None:
        self.values: dict[str, Param] = {}

    def bind(self, value: Param, kind: str) -> str:
        """Return the placeholder of a value with a ClickHouse type."""
        name = f"p{len(self.values)}"
        self.values[name] = value
        return f"{{{name}:{kind}}}"

    def text(self, value: str) -> str:
        """Bind text."""
        return self.bind(value, "String")

    def texts(self, values: Sequence[str]) -> str:
        """Bind a list of texts, for `IN` and `hasAny`."""
        return self.bind(list(values), "Array(String)")

    def ids(self, values: Sequence[bytes]) -> str:
        """Bind a list of trace ids, for `IN`."""
        return self.bind(list(values), "Array(FixedString(16))")

    def number(self, value: Value) -> str:
        """Bind an integer, duration or float so that every value keeps its exact meaning."""
        if isinstance(value, float):
            return self.bind(value, "Float64")
        assert isinstance(value, int), value_type(value)  # noqa: S101 - the parser lets nothing else through
        return self.bind(int(value), "UInt64" if value >= 0 else "Int64")

    def time(self, ns: int) -> str:
        """Bind a point in time as nanoseconds of type DateTime64."""
        return f"fromUnixTimestamp64Nano({self.bind(ns, 'Int64')}, 'UTC')"

    def seconds(self, value: int) -> str:
        """Bind a point in time in seconds as DateTime."""
        return f"toDateTime({self.bind(min(max(value, 0), 2**32 - 1), 'UInt32')}, 'UTC')"

    def day(self, ns: int) -> str:
        """Bind the day of a point in time."""
        return f"toDate({self.bind(min(max(ns // (86_400 * 10**9), 0), 65_535), 'UInt16')})"
