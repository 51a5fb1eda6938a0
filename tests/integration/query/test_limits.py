from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import replace

import pytest

from clew.query.answer import Total, Window
from clew.query.conjunction import parse
from clew.query.errors import BusyError
from clew.query.hunt import Hunt, Quest
from clew.query.hydrate import hydrate
from clew.query.index import lookup
from clew.query.plan.pipeline import needs, run
from clew.query.plan.spanrows import load
from clew.query.plan.treeexpr import Needed
from clew.query.reader import Errand, Queued, Reader
from clew.query.search import FilterScan, find, plan, search
from clew.query.traceql import parse as parse_query
from clew.store import Limits, QueryLimitError
from clew.store.errors import QueryCancelledError
from clew.telemetry import Metrics

ENDLESS = "SELECT max(sipHash64(number)) FROM numbers(1000000000000)"
S = 10**9


async def test_a_time_limit_says_what_to_change(store):
    """A read beyond its time ends with the limit's kind and a way out."""
    reader = Reader(store.engine, readers=1, limits=Limits(timeout_s=0.3))
    with pytest.raises(QueryLimitError) as caught:
        await reader.run(store.scope, lambda read: read.query(ENDLESS))
    assert caught.value.kind == "time"
    assert "query.timeout_s" in caught.value.hint
    reader.close()


async def test_a_row_limit_ends_a_search_with_what_it_found(store, kinds):
    """A search of one conjunction that would read more rows than allowed gives a page that says why it is cut."""
    span, _ = kinds
    start = (time.time_ns() // (600 * S) - 6) * 600 * S
    store.insert([span(n, 1, start + n) for n in range(1, 50)])
    query = plan(parse("{ kind = internal }"), Window(start, start + 600 * S), 20, None)
    reader = Reader(store.engine, readers=1, limits=Limits(max_rows_to_read=10))
    found = await reader.run(store.scope, lambda read: search(read, query, start + 3600 * S))
    assert found.data.traces == []
    assert found.meta.total == Total(0, exact=False)
    assert found.meta.truncated is not None
    assert found.meta.truncated.limit == 10
    assert "query.max_rows_to_read" in found.meta.truncated.hint
    with pytest.raises(QueryLimitError) as caught:  # for answers that have no place to say so
        await reader.run(store.scope, lambda read: find(read, query, start + 3600 * S))
    assert caught.value.kind == "rows"
    reader.close()


class Slow(FilterScan):
    """A scan that uses up its time in its second window."""

    rounds = 0

    def range(self, span, *, behind=None):
        """Scan; the second time find that it is late."""
        self.rounds += 1
        if self.rounds == 2:
            self.read._begun -= 481.0  # a fifth of the time is kept for showing
            self.read.check()
        return super().range(span, behind=behind)


def test_a_conjunction_that_runs_out_of_time_gives_its_newest_traces(store, kinds, monkeypatch):
    """What was known for sure when the time was up is the page, newest first, and there is time left to show it."""
    span, _ = kinds
    start = (time.time_ns() // (600 * S) - 6) * 600 * S
    store.insert([span(n, 1, start + n * 30 * S, kind=3) for n in range(1, 120)])
    query = plan(parse("{ kind = client }"), Window(start, start + 3600 * S), 100, None)
    monkeypatch.setattr("clew.query.read.MAX_TIME_S", 600.0)
    read = store.read(Limits(timeout_s=600.0))
    hunt = Hunt(read, Quest(query.window, query.limit), Slow(read, query.filters))
    for _ in hunt.windows(start + 3600 * S):
        if hunt.full:
            break
    catch = hunt.page()
    assert catch.truncated is not None
    assert "600 s" in catch.truncated.reason
    assert not catch.total.exact
    found = [row.start_ns for row in hydrate(read, catch.traces, query.filters)]
    assert found[0] == start + 119 * 30 * S
    assert found == [found[0] - n * 30 * S for n in range(len(found))]
    assert 0 < len(found) < 100
    assert catch.cursor is not None


def stuck(read, begun=None):
    """Evaluate without end, without the engine."""
    if begun:
        begun.set()
    while True:
        read.check()
        time.sleep(0.001)


async def test_evaluation_is_under_the_time_limit_and_can_be_cancelled(store):
    """Between its steps an evaluation in Python ends when the time is up or nobody waits, and its place is free."""
    reader = Reader(store.engine, readers=1, limits=Limits(timeout_s=0.2))
    with pytest.raises(QueryLimitError) as caught:
        await reader.run(store.scope, stuck)
    assert caught.value.kind == "time"
    patient = Errand(limits=Limits(timeout_s=600))
    begun = threading.Event()
    running = asyncio.ensure_future(reader.run(store.scope, lambda read: stuck(read, begun), patient))
    await asyncio.to_thread(begun.wait, 60)
    running.cancel()
    await asyncio.wait([running])
    assert await reader.run(store.scope, lambda _: "next", patient) == "next"
    reader.close()


def test_verdicts_look_at_the_clock(store, kinds):
    """Relations, arithmetic and aggregates over loaded spans stop in between when the read was cancelled."""
    span, _ = kinds
    start = (time.time_ns() // (600 * S) - 6) * 600 * S
    store.insert([span(1, n, start + n, n - 1) for n in range(1, 50)])
    pipeline = parse_query("{ } >> { parent.duration + duration >= 0 && nestedSetLeft > 0 } | max(duration) >= 0").root
    read = store.read()
    needed = Needed()
    needs(pipeline.stages, needed)
    traces = list(lookup(read, [(1).to_bytes(16, "big")]).values())
    rows = load(read, traces, list(needed.conditions), list(needed.values))
    assert run(pipeline, rows).mask.sum() == 48
    looks = []
    counted = replace(rows, forest=replace(rows.forest, check=lambda: looks.append(1)))
    run(pipeline, counted)
    assert len(looks) > 60  # a chain is numbered level by level
    read._control.cancelled = True
    with pytest.raises(QueryCancelledError):
        run(pipeline, rows)


async def test_a_full_queue_refuses(store):
    """When every reader works and the queue is full, the next read is refused at once and may be tried again."""
    reader = Reader(store.engine, readers=1, queue=1)
    free = threading.Event()
    running = [asyncio.ensure_future(reader.run(store.scope, lambda _: free.wait(10))) for _ in range(2)]
    await asyncio.sleep(0.05)
    with pytest.raises(BusyError) as caught:
        await reader.run(store.scope, lambda _: None)
    assert caught.value.retryable
    free.set()
    assert await asyncio.gather(*running) == [True, True]
    assert await reader.run(store.scope, lambda _: 1) == 1
    reader.close()


async def test_an_abandoned_stream_ends_its_work(store):
    """Closing a stream early stops the thread that feeds it; at most two items are made ahead."""
    reader = Reader(store.engine, readers=1)
    made = []

    def work(_):
        for number in range(1000):
            made.append(number)
            yield number

    stream = reader.stream(store.scope, work)
    assert [await anext(stream), await anext(stream)] == [0, 1]
    await stream.aclose()
    for _ in range(100):
        if reader._turns.running == 0:
            break
        await asyncio.sleep(0.02)
    assert reader._turns.running == 0
    assert len(made) < 10
    reader.close()


async def test_a_waiting_stream_tells_its_position(store):
    """A stream that waits yields its position until its turn comes, then its items."""
    reader = Reader(store.engine, readers=1)
    free = threading.Event()
    running = asyncio.ensure_future(reader.run(store.scope, lambda _: free.wait(10)))
    await asyncio.sleep(0.05)
    stream = reader.stream(store.scope, lambda _: iter(["item"]), waiting=Queued)
    assert await anext(stream) == Queued(1)
    free.set()
    assert [item async for item in stream] == ["item"]
    assert await running
    reader.close()


async def test_a_cancelled_read_leaves_the_line(store):
    """Cancelling a read that waits frees its place and never runs it."""
    reader = Reader(store.engine, readers=1, queue=1)
    free, ran = threading.Event(), []
    running = asyncio.ensure_future(reader.run(store.scope, lambda _: free.wait(10)))
    waiting = asyncio.ensure_future(reader.run(store.scope, ran.append))
    await asyncio.sleep(0.05)
    waiting.cancel()
    await asyncio.wait([waiting])
    assert reader._turns.waiting == 0
    free.set()
    await running
    assert await reader.run(store.scope, lambda _: "next") == "next"
    assert ran == []
    reader.close()


async def test_a_flood_of_one_tenant_does_not_hold_up_another(store, make_store):
    """With one reader and a long line of one tenant, the read of another is the next or the one after it."""
    other = make_store().scope
    reader = Reader(store.engine, readers=1, queue=64)
    order = []

    def work(name):
        return lambda _: order.append(name)

    free = threading.Event()
    first = asyncio.ensure_future(reader.run(store.scope, lambda _: free.wait(10)))
    await asyncio.sleep(0.05)
    flood = [asyncio.ensure_future(reader.run(store.scope, work("flood"))) for _ in range(40)]
    await asyncio.sleep(0.05)
    single = asyncio.ensure_future(reader.run(other, work("single")))
    await asyncio.sleep(0.05)
    free.set()
    await asyncio.gather(first, single, *flood)
    assert order.index("single") <= 1
    reader.close()


async def test_reads_are_counted(store):
    """Metrics tell waits, refusals by reason and kind, and reads that nobody waited for."""
    metrics = Metrics()
    reader = Reader(store.engine, readers=1, queue=0, limits=Limits(timeout_s=0.3), metrics=metrics)
    errand = Errand(kind="sql")
    with pytest.raises(QueryLimitError):
        await reader.run(store.scope, lambda read: read.query(ENDLESS), errand)
    free = threading.Event()
    running = asyncio.ensure_future(reader.run(store.scope, lambda _: free.wait(10), errand))
    await asyncio.sleep(0.05)
    with pytest.raises(BusyError):
        await reader.run(store.scope, lambda _: None, errand)
    text = metrics.render().decode()
    assert 'clew_query_refused_total{kind="sql",reason="limit_time"} 1.0' in text
    assert 'clew_query_refused_total{kind="sql",reason="busy"} 1.0' in text
    assert "clew_query_running 1.0" in text
    running.cancel()
    await asyncio.wait([running])
    free.set()
    assert 'clew_query_cancelled_total{kind="sql"} 1.0' in metrics.render().decode()
    reader.close()
