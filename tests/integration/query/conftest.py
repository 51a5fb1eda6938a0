from __future__ import annotations

import itertools
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from clew.codec.catalogue import Catalogue
from clew.model import RESOURCES, SCOPES, SPANS, Scope
from clew.model.schema import ID128
from clew.pipeline.catalogue import LEVELS, tables
from clew.pipeline.rollup import Columns, red_tables, span_by_service, trace_index
from clew.pipeline.rollup.columns import one_batch
from clew.query.memo import Memo
from clew.query.read import Control, Read
from clew.store import ArrowBatches, EmbeddedConfig, EmbeddedEngine, Limits, migrate
from clew.store.tables import ATTR_KEYS, ATTR_VALUES

sys.path.insert(0, str(Path(__file__).parents[2] / "property"))  # the evaluator and the strategies of TraceQL

TYPES = {str: "str", bool: "bool", int: "int", float: "float"}
DAY_S = 86_400


def by_type(pairs: list[tuple[str, Any]], *, arrays: bool = True) -> dict[str, list[tuple[str, Any]]]:
    """Split attributes (an `any` value is a tuple with its JSON) into the typed columns."""
    found: dict[str, list[tuple[str, Any]]] = {f"attr_{name}": [] for name in ("str", "int", "float", "bool", "any")}
    if arrays:
        found |= {f"arr_{name}": [] for name in ("str", "int", "float", "bool")}
    for key, value in pairs:
        if isinstance(value, tuple):
            found["attr_any"].append((key, value[0]))
        elif isinstance(value, list):
            found[f"arr_{TYPES[type(value[0])] if value else 'str'}"].append((key, value))
        else:
            found[f"attr_{TYPES[type(value)]}"].append((key, value))
    return found


@dataclass
class Event:
    """An event or a link of a test span."""

    name: str = "event"
    attributes: list[tuple[str, Any]] = field(default_factory=list)
    time: int = 0
    trace_id: bytes = bytes(15) + b"\x01"
    span_id: int = 1


@dataclass
class Span:
    """A span as tests write it; the store's rows are made from it."""

    trace: int
    span_id: int
    start: int
    parent: int = 0
    duration: int = 0
    service: str = "svc"
    name: str = "op"
    kind: int = 1
    status: int = 0
    message: str = ""
    attributes: list[tuple[str, Any]] = field(default_factory=list)
    resource: list[tuple[str, Any]] = field(default_factory=list)
    scope: list[tuple[str, Any]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    links: list[Event] = field(default_factory=list)
    marks: int = 0
    received: int = 0
    weight: float = 1.0
    peer: str = ""
    version: str = ""

    @property
    def trace_id(self) -> bytes:
        """The id as it is stored."""
        return self.trace.to_bytes(16, "big")

    @property
    def all_resource(self) -> list[tuple[str, Any]]:
        """The resource's attributes; a service that is `unknown_service` was not sent."""
        return [*([] if self.service == "unknown_service" else [("service.name", self.service)]), *self.resource]

    def row(self, tenant: str) -> dict[str, Any]:
        """Return the row of `spans`."""
        first = dict(reversed(self.attributes))
        status = first.get("http.response.status_code")
        return {
            "tenant": tenant,
            "trace_id": self.trace_id,
            "span_id": self.span_id,
            "parent_id": self.parent,
            "start": self.start,
            "bucket": self.start // 10**9 // 600 * 600,
            "duration": self.duration,
            "service": self.service,
            "name": self.name,
            "kind": self.kind,
            "status": self.status,
            "status_message": self.message,
            "resource_id": identity(self.all_resource),
            "scope_id": identity(self.scope),
            "events": [
                {
                    "time": one.time or self.start,
                    "name": one.name,
                    "dropped": 0,
                    **by_type(one.attributes, arrays=False),
                }
                for one in self.events
            ],
            "links": [
                {
                    "trace_id": one.trace_id,
                    "span_id": one.span_id,
                    "trace_state": "",
                    "flags": 0,
                    "dropped": 0,
                    **by_type(one.attributes, arrays=False),
                }
                for one in self.links
            ],
            "weight": self.weight,
            "peer": self.peer,
            "version": self.version,
            "marks": self.marks,
            "received": (self.received or self.start) // 10**6,
            "http_route": first["http.route"] if isinstance(first.get("http.route"), str) else "",
            "http_status": status if type(status) is int and 0 < status < 65_536 else 0,
            "db_system": first["db.system.name"] if isinstance(first.get("db.system.name"), str) else "",
            **by_type(self.attributes),
        }


def identity(pairs: list[tuple[str, Any]]) -> int:
    """Return a stable id of attributes."""
    return hash(repr(pairs)) & (2**64 - 1)


def batch(rows: list[dict[str, Any]], schema: pa.Schema) -> pa.RecordBatch:
    """Return rows as a batch; what a row leaves out is empty."""
    zero = {"s": "", "u": 0}
    arrays = []
    for column in schema:
        kind = column.type
        text = pa.types.is_dictionary(kind) or pa.types.is_string(kind)
        values = [row.get(column.name, zero["s"] if text else zero["u"]) for row in rows]
        arrays.append(
            pa.array(values, kind.value_type).dictionary_encode().cast(kind)
            if pa.types.is_dictionary(kind)
            else pa.array(values, kind)
        )
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


class Store:
    """One tenant's data in the engine."""

    numbers = itertools.count(1)

    def __init__(self, engine: EmbeddedEngine) -> None:
        self.engine = engine
        self.scope = Scope(f"tenant{next(self.numbers)}")

    def rows(self, spans: list[Span]) -> pa.RecordBatch:
        """Return the rows of `spans`."""
        return batch([span.row(self.scope.tenant) for span in spans], SPANS)

    def insert(self, spans: list[Span]) -> None:
        """Store spans with their resources, scopes, attribute keys and rollups, as one insert."""
        rows = self.rows(spans)
        resources = batch([self._origin(span, span.all_resource, "resource_id") for span in spans], RESOURCES)
        scopes = batch([self._origin(span, span.scope, "scope_id") for span in spans], SCOPES)
        columns = Columns.of([rows])
        operations, services = red_tables(columns)
        self.put("resources", resources)
        self.put("scopes", scopes)
        self._keys({"spans": rows, "resources": resources, "scopes": scopes})
        self.put("spans", rows)
        self.put("trace_index", trace_index(columns))
        self.put("red_1m", operations)
        self.put("red_service_1m", services)
        for slim in span_by_service([rows]):
            self.put("span_by_service", slim)

    def named(self, spans: list[Span]) -> pa.RecordBatch:
        """Return the part of the `trace_index` rows that says which traces have grown."""
        ids = sorted({span.trace_id for span in spans})
        columns = [pa.array([self.scope.tenant] * len(ids)), pa.array(ids, ID128)]
        return pa.RecordBatch.from_arrays(columns, ["tenant", "trace_id"])

    def segment(self, spans: list[Span]) -> tuple[str, list[pa.RecordBatch]]:
        """Return what a settler is told of a segment: its name, and its spans in two batches with their own words."""
        half = len(spans) // 2
        return f"segment/{next(self.numbers)}", [self.rows(part) for part in (spans[:half], spans[half:]) if part]

    def catalogue(self, day: int, rows: list[tuple[str, str, str, str]], more: set[str] = frozenset()) -> None:
        """Store attribute keys and values: (level, key, type, value)."""
        base = {"tenant": self.scope.tenant, "day": day}
        names = ("level", "key", "type", "value")
        values = [{**base, **dict(zip(names, row, strict=True))} for row in rows]
        self._insert("attr_values", values, ATTR_VALUES)
        self._insert("attr_keys", [{**row, "more": row["key"] in more} for row in values], ATTR_KEYS)

    def _keys(self, stored: dict[str, pa.RecordBatch]) -> None:
        memory = Catalogue()
        new = [memory.scan(rows, level) for stream, rows in stored.items() for level in LEVELS[stream]]
        found = [rows for rows in new if rows.num_rows]
        if found:
            self.put("attr_keys", tables(one_batch(found))["attr_keys"])

    def put(self, table: str, rows: pa.RecordBatch) -> None:
        """Insert a batch."""
        self.engine.insert(table, ArrowBatches([rows]), token=f"{self.scope.tenant}/{next(self.numbers)}/{table}")

    def _insert(self, table: str, rows: list[dict[str, Any]], schema: pa.Schema) -> None:
        self.put(table, batch(rows, schema))

    def _origin(self, span: Span, pairs: list[tuple[str, Any]], key: str) -> dict[str, Any]:
        day = span.start // 10**9 // DAY_S
        seen = {"first_seen": day * DAY_S, "last_seen": day * DAY_S, "service": span.service}
        return {"tenant": self.scope.tenant, "day": day, key: identity(pairs), "name": "lib", **seen, **by_type(pairs)}

    def read(self, limits: Limits | None = None) -> Read:
        """Return a fresh read of this tenant; its time is ample, so that a busy machine cuts no answer short."""
        return Read(
            self.engine,
            self.scope,
            limits or Limits(timeout_s=600),
            Control(self.engine, f"t{next(self.numbers)}"),
            Memo(),
        )


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    """A real engine with the tables."""
    engine = EmbeddedEngine(tmp_path_factory.mktemp("store"), EmbeddedConfig())
    migrate(engine)
    yield engine
    engine.close()


@pytest.fixture
def store(engine):
    """An empty tenant."""
    return Store(engine)


@pytest.fixture(scope="module")
def make_store(engine):
    """Make empty tenants."""
    return lambda: Store(engine)


@pytest.fixture(scope="session")
def kinds():
    """The classes that test data is made of."""
    return Span, Event
