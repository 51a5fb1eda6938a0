from __future__ import annotations

import itertools
import time

import pyarrow as pa
import pytest

from clew.derive import Settler
from clew.model import Kind
from clew.model.schema import ID128
from clew.query.answer import Window
from clew.query.errorgroups import error_group, error_groups
from clew.query.errors import ErrorGroupNotFoundError
from clew.query.graph import graph
from clew.query.shapes import shapes

S = 10**9
T = (int(time.time()) // 86_400 * 86_400 - 43_200) * S
NUMBERS = itertools.count()
HOUR = Window(T - 1, T + 3600 * S)
LATER = Window(T + 7200 * S - 1, T + 10_800 * S)


@pytest.fixture
def settled(engine, store, kinds, tmp_path):
    """Two hours of traces, settled: in the second a database is new, an error continues in a newer version."""
    make, _ = kinds
    settler = Settler(engine, tmp_path, ids=lambda: f"{tmp_path.name}-{next(NUMBERS)}", quiet_s=0)

    def trace(number, at, **values):
        base = {"service": "web", "duration": 100}
        return [
            make(number, 1, at, kind=Kind.SERVER, **base),
            make(number, 2, at + 1, parent=1, kind=Kind.CLIENT, **(base | values)),
        ]

    gone = {"peer": "bank", "status": 2, "message": "no user 7", "version": "1"}
    spans = [
        *trace(1, T, **gone),
        *trace(2, T + 60 * S, **gone),
        *trace(3, T + 7200 * S, **(gone | {"peer": "", "version": "2", "message": "no user 8"})),
        *trace(4, T + 7260 * S, peer="db", attributes=[("db.system.name", "pg")]),
    ]
    store.insert(spans)
    ids = sorted({span.trace_id for span in spans})
    rows = pa.RecordBatch.from_arrays(
        [pa.array([store.scope.tenant] * len(ids)), pa.array(ids, ID128)], ["tenant", "trace_id"]
    )
    settler.stored(rows)
    settler.settle_due()
    return store


def test_errors_of_a_range_are_listed_with_their_course(settled):
    """A group has counts, bounds, versions, an example and a line of occurrences within the range alone."""
    answer = error_groups(settled.read(), HOUR)
    (group,) = answer.data.groups
    assert (group.service, group.message, group.n, group.origins, group.traces) == ("web", "no user {n}", 2, 2, 2)
    assert (group.first_ns, group.last_ns) == (T + 1, T + 60 * S + 1)
    assert (group.versions, group.example) == (["1"], f"{2:032x}")
    assert sum(group.sparkline) == 2
    assert len(group.sparkline) == len(answer.data.start_ms)
    assert error_groups(settled.read(), HOUR, service="pay").data.groups == []


def test_an_error_is_known_beyond_the_range(settled):
    """The detail tells since when the error is known, in which versions, and gives its traces, the newest first."""
    fingerprint = error_groups(settled.read(), LATER).data.groups[0].fingerprint
    detail = error_group(settled.read(), fingerprint, LATER).data
    assert (detail.group.n, detail.all, detail.known_since_ns) == (1, 3, T + 1)
    assert [(one.version, one.n) for one in detail.by_version] == [("1", 2), ("2", 1)]
    assert detail.examples[0] == f"{3:032x}"
    with pytest.raises(ErrorGroupNotFoundError):
        error_group(settled.read(), "0" * 16, LATER)


def test_the_graph_is_compared_with_another_window(settled):
    """Edges of both windows have both figures, others are new or gone; nodes say what they are."""
    found = graph(settled.read(), LATER, HOUR).data
    assert {(one.client, one.server, one.change) for one in found.edges} == {
        ("user", "web", "same"),
        ("web", "db", "new"),
        ("web", "bank", "gone"),
    }
    same = next(one for one in found.edges if one.server == "web")
    assert (same.now.calls, same.was.calls) == (2.0, 2.0)
    gone = next(one for one in found.edges if one.server == "bank")
    assert gone.now is None
    assert gone.was.error_share == 1.0
    assert {one.name: one.kind for one in found.nodes} == {
        "web": "service", "db": "database", "bank": "virtual_node", "user": "virtual_node",
    }  # fmt: skip


def test_shapes_are_listed_by_how_many_traces_have_them(settled):
    """Traces with the same call paths are one shape, with its share, durations and an example."""
    answer = shapes(settled.read(), Window(T, T + 10_000 * S))
    (shape,) = answer.data
    assert (shape.root_service, shape.services, shape.paths, shape.traces) == ("web", ["web"], 2, 4)
    assert (shape.errors, shape.spans, shape.share) == (3, 2.0, 1.0)
    assert shape.p50_ns == pytest.approx(101, rel=0.1)
    assert shapes(settled.read(), HOUR, service="none").data == []
