"""Engines of both kinds over real ClickHouse code, and rows of any of its schemas."""

from __future__ import annotations

import datetime as dt
import itertools
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pytest

from clew.store import EmbeddedConfig, EmbeddedEngine, Engine, migrate
from clew.store.http import HttpConfig, HttpEngine
from clew.store.tables import TABLES

PASSWORD = "a secret"
NOON_S = 1_795_521_600 - 86_400
"""A noon, in seconds."""


@pytest.fixture(scope="module")
def room() -> Iterator[Path]:
    """A directory in memory where there is one: these tests sync thousands of files."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as directory:
        yield Path(directory)


@contextmanager
def http_front(directory: Path) -> Iterator[str]:
    """Run the HTTP front in a process of its own; gives its address."""
    command = [sys.executable, str(Path(__file__).with_name("http_front.py")), str(directory), PASSWORD]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as front:
        try:
            yield f"http://127.0.0.1:{int(front.stdout.readline())}"
        finally:
            front.stdin.close()
            front.wait(20)


@contextmanager
def open_engine(kind: str, directory: Path) -> Iterator[Engine]:
    """Open an engine with its tables made."""
    if kind == "embedded":
        engine = EmbeddedEngine(directory, EmbeddedConfig())
        migrate(engine)
        yield engine
        engine.close()
        return
    with http_front(directory) as url:
        engine = HttpEngine(HttpConfig(url, password=PASSWORD))
        migrate(engine)
        yield engine
        engine.close()


@pytest.fixture(scope="module", params=["embedded", "http"])
def engine(request: pytest.FixtureRequest, room: Path) -> Iterator[Engine]:
    """An engine with all tables, one per kind and module; tests tell their rows apart by tenant."""
    with open_engine(request.param, room / request.param) as opened:
        yield opened


@pytest.fixture(scope="module")
def embedded(room: Path) -> Iterator[EmbeddedEngine]:
    """The embedded engine alone, for what does not depend on the way to it."""
    with open_engine("embedded", room / "alone") as opened:
        yield opened


@pytest.fixture
def empty_tables(embedded: EmbeddedEngine) -> EmbeddedEngine:
    """The embedded engine with no rows in any table that expires."""
    for table in TABLES:
        if table.name != "clew_meta":
            embedded.execute(f"TRUNCATE TABLE {table.name} SYNC")
    return embedded


_tenants = itertools.count()


@pytest.fixture
def tenant() -> str:
    """A tenant that no other test has."""
    return f"tenant-{next(_tenants)}"


def value(kind: pa.DataType, n: int) -> object:
    """Return a value of a type that follows from a number."""
    for fits, make in _MAKERS:
        if fits(kind):
            return make(kind, n)
    return n % 120


def _timestamp(kind: pa.DataType, n: int) -> int:
    per_s = {"s": 1, "ms": 10**3, "ns": 10**9}[kind.unit]
    return NOON_S * per_s + n % per_s


_MAKERS: list[tuple[Callable[[pa.DataType], bool], Callable[[pa.DataType, int], object]]] = [
    (pa.types.is_dictionary, lambda _, n: f"word {n % 3}"),
    (pa.types.is_fixed_size_binary, lambda kind, n: n.to_bytes(kind.byte_width, "big")),
    (pa.types.is_map, lambda kind, n: [(value(kind.key_type, n), value(kind.item_type, n))] if n % 4 else []),
    (pa.types.is_struct, lambda kind, n: {field.name: value(field.type, n) for field in kind}),
    (pa.types.is_list, lambda kind, n: [value(kind.value_type, n + i) for i in range(n % 3)]),
    (pa.types.is_timestamp, _timestamp),
    (pa.types.is_date32, lambda _, __: dt.date(1970, 1, 1) + dt.timedelta(days=NOON_S // 86_400)),
    (pa.types.is_boolean, lambda _, n: n % 2 == 1),
    (pa.types.is_string, lambda _, n: f"text \t'\\\n{n}" if n % 5 else ""),
    (pa.types.is_floating, lambda _, n: n / 4),
    (pa.types.is_binary, lambda _, n: f"{n}".encode()),
]


Rows = Callable[..., pa.RecordBatch]


def make_rows(schema: pa.Schema, count: int, **columns: object) -> pa.RecordBatch:
    """Return rows of a schema; a keyword gives one value for a column, or a list of them."""
    arrays = []
    for field in schema:
        given = columns.get(field.name)
        if given is None:
            data = [value(field.type, n) for n in range(1, count + 1)]
        else:
            data = given if isinstance(given, list) and len(given) == count else [given] * count
        integers = pa.types.is_timestamp(field.type) and isinstance(data[0], int)
        arrays.append(pa.array(data, pa.int64()).cast(field.type) if integers else pa.array(data, field.type))
    return pa.record_batch(arrays, schema=schema)


@pytest.fixture(scope="session")
def rows() -> Rows:
    """The maker of rows."""
    return make_rows


def write_stream(path: Path, *batches: pa.RecordBatch) -> Path:
    """Write batches as an Arrow stream."""
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, batches[0].schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return path


@pytest.fixture(scope="session")
def stream_file() -> Callable[..., Path]:
    """The writer of Arrow files."""
    return write_stream


@pytest.fixture(scope="session")
def noon_s() -> int:
    """The time of the rows, in seconds."""
    return NOON_S


@pytest.fixture(scope="module")
def front_url(room: Path) -> Iterator[str]:
    """The address of an HTTP front of its own."""
    with http_front(room / "front") as url:
        yield url
