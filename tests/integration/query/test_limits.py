from __future__ import annotations

import asyncio
import threading
import time

import pytest

from clew.query.answer import Window
from clew.query.conjunction import parse
from clew.query.errors import BusyError
from clew.query.reader import Errand, Queued, Reader
from clew.query.search import plan, search
from clew.store import Limits, QueryLimitError
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


async def test_a_row_limit_holds_for_searches(store, kinds):
    """A search that would read more rows than allowed is refused, not cut."""
    span, _ = kinds
    start = (time.time_ns() // (600 * S) - 6) * 600 * S
    store.insert([span(n, 1, start + n) for n in range(1, 50)])
    query = plan(parse("{ kind = internal }"), Window(start, start + 600 * S), 20, None)
    reader = Reader(store.engine, readers=1, limits=Limits(max_rows_to_read=10))
    with pytest.raises(QueryLimitError) as caught:
        await reader.run(store.scope, lambda read: search(read, query, start + 3600 * S))
    assert caught.value.kind == "rows"
    reader.close()


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
