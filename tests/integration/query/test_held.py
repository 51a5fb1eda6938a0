"""What the settler knows without asking the store: spans that it was told of, and traces that are here whole."""

from __future__ import annotations

import itertools
import time

import pyarrow as pa
import pytest

from clew.derive import Settler
from clew.derive.held import Held
from clew.model import Kind
from clew.model.schema import ID128
from clew.query.answer import Window
from clew.query.graph import edges

S = 10**9
MS = 10**6
T = (int(time.time()) // 86_400 * 86_400 - 43_200) * S
"""A noon before now, in nanoseconds."""
NUMBERS = itertools.count()


@pytest.fixture
def span(kinds):
    """Make a span of trace 1 that starts some ns after T."""
    make, _ = kinds

    def build(span_id, parent=0, *, at=0, **values):
        return make(1, span_id, T + at, parent=parent, **({"duration": 100, "received": T + at} | values))

    return build


def graph(store):
    """Return the edges of a tenant as (client, server, calls)."""
    found = edges(store.read(), Window(T - 3600 * S, T + 7200 * S)).data
    return sorted((one.client, one.server, one.calls) for one in found)


def rows(store):
    """Return how many spans the one settled trace has."""
    found = store.read().query("SELECT rows AS n FROM traces FINAL WHERE tenant = {tenant:String}")
    return found.column("n")[0].as_py()


def told_since(engine, tmp_path, since_ns):
    """Return a settler that has been told of everything since a time."""
    return Settler(engine, tmp_path, ids=lambda: f"{tmp_path.name}-{next(NUMBERS)}", quiet_s=0, told_since_ns=since_ns)


class Counting:
    """Passes calls on to the engine and counts the reads of spans."""

    def __init__(self, engine):
        self._engine = engine
        self.reads = self.lookups = 0

    def __getattr__(self, name):
        return getattr(self._engine, name)

    def query(self, sql, *args, **limits):
        """Run a SELECT."""
        self.reads += "FROM spans" in sql
        self.lookups += "FROM trace_index" in sql
        return self._engine.query(sql, *args, **limits)


def test_spans_that_just_came_in_are_not_read_back(engine, store, span, tmp_path):
    """A trace all of whose rows are held is settled without reading spans; one that lacks some is read whole."""
    counting = Counting(engine)
    settler = told_since(counting, tmp_path, None)
    first = [span(1, service="web", kind=Kind.CLIENT), span(2, 1, at=9, service="pay", kind=Kind.SERVER)]
    store.insert(first)
    settler.stored(store.named(first), *store.segment(first))
    assert (settler.settle_due(), counting.reads) == (2, 0)
    late = [span(3, 1, at=20, service="db", kind=Kind.SERVER, received=T + 5000 * MS)]
    store.insert(late)
    settler.stored(store.named(late), *store.segment(late))
    assert settler.settle_due() == 3
    assert counting.reads > 0
    assert graph(store) == [("web", "db", 1.0), ("web", "pay", 1.0)]


def test_nothing_is_asked_about_a_trace_that_began_since_all_is_told(engine, store, span, tmp_path):
    """The store is not asked for a trace that can have no other rows; a late span of it is seen to be late."""
    counting = Counting(engine)
    settler = told_since(counting, tmp_path, T - 3600 * S)
    first = [span(1, service="web", kind=Kind.CLIENT), span(2, 1, at=9, service="pay", kind=Kind.SERVER)]
    store.insert(first)
    settler.stored(store.named(first), *store.segment(first))
    assert (settler.settle_due(), counting.reads, counting.lookups) == (2, 0, 0)
    late = [span(3, 1, at=20, service="db", kind=Kind.SERVER, received=T + 5000 * MS)]
    root = [span(4, at=30, service="late", received=T + 6000 * MS)]
    for part in (late, root):
        store.insert(part)
        settler.stored(store.named(part), *store.segment(part))
        settler.settle_due()
    assert counting.lookups > 0
    assert settler.stats().again == 2
    assert graph(store) == [("web", "db", 1.0), ("web", "pay", 1.0)]
    assert rows(store) == 4


@pytest.mark.parametrize(
    ("since_ns", "rooted", "told"),
    [(T, True, False), (T - 3600 * S, False, False), (T - 3600 * S, True, True)],
    ids=["stored before the start", "its root is not here", "its spans were not told"],
)
def test_rows_that_were_never_here_count(engine, store, span, tmp_path, *, since_ns, rooted, told):
    """A trace that may have other rows is read whole."""
    settler = told_since(engine, tmp_path, since_ns)
    root, child = span(1, service="web", kind=Kind.CLIENT), span(2, 1, at=9, service="pay", kind=Kind.SERVER)
    before, after = ([child], [root]) if rooted else ([root], [child])
    store.insert(before)
    if told:
        settler.stored(store.named(before))
    store.insert(after)
    settler.stored(store.named(after), *store.segment(after))
    settler.settle_due()
    assert graph(store) == [("web", "pay", 1.0)]


def test_a_trace_that_memory_had_no_room_for_is_not_whole(store, span):
    """What was put out for newer segments is known to be missing."""
    held = Held(1, since_ns=T - 3600 * S)
    for one in ([span(2, 1, at=9)], [span(1)]):
        held.add(*store.segment(one))
    assert not held.take(store.scope.tenant, pa.array([span(1).trace_id], ID128)).whole.any()
    roomy = Held(since_ns=T - 3600 * S)
    roomy.add(*store.segment([span(1)]))
    assert roomy.take(store.scope.tenant, pa.array([span(1).trace_id], ID128)).whole.all()


def test_a_segment_that_could_not_be_taken_is_taken_when_it_is_told_again(store, span):
    """Nothing counts as whole for want of spans that failed to be read."""
    held = Held(since_ns=T - 3600 * S)
    name, parts = store.segment([span(1), span(2, 1, at=9)])
    with pytest.raises(KeyError):
        held.add(name, [part.select(["trace_id"]) for part in parts])
    held.add(name, parts)
    taken = held.take(store.scope.tenant, pa.array([span(1).trace_id], ID128))
    assert taken.spans.size == 2
    assert taken.whole.all()


def test_a_segment_told_twice_counts_once(engine, store, span, tmp_path):
    """A segment whose inserts were tried again, before or after its traces settled, is counted once."""
    settler = told_since(engine, tmp_path, None)
    spans = [span(1, service="web", kind=Kind.CLIENT, peer="bank")]
    store.insert(spans)
    told = store.segment(spans)
    for times in (2, 1):
        for _ in range(times):
            settler.stored(store.named(spans), *told)
        settler.settle_due()
    assert graph(store) == [("web", "bank", 1.0)]
    assert rows(store) == 1


def test_spans_of_a_deleted_trace_are_not_held(engine, store, span, tmp_path):
    """A trace that is deleted before it settles and comes back is settled from what came back."""
    settler = told_since(engine, tmp_path, T - 3600 * S)
    spans = [span(1, service="web", kind=Kind.CLIENT, peer="bank")]
    store.insert(spans)
    settler.stored(store.named(spans), *store.segment(spans))
    settler.delete_trace(store.scope, spans[0].trace_id)
    again = [span(2, service="web", kind=Kind.CLIENT, peer="db")]
    store.insert(again)
    settler.stored(store.named(again), *store.segment(again))
    settler.settle_due()
    assert graph(store) == [("web", "db", 1.0)]
