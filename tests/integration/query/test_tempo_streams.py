from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from clew.api.pb import tempo_pb2 as pb
from clew.api.tempo.streaming import parts_of
from clew.query.reader import Reader
from clew.store.errors import QueryCancelledError


@pytest.fixture
def reader(store):
    """A reader with a single thread."""
    reader = Reader(store.engine, readers=1, queue=4)
    yield reader
    reader.close()


def many(_):
    """Make a hundred messages."""
    for number in range(100):
        yield pb.SearchTagsResponse(tagNames=[str(number)])


async def test_a_client_that_reads_slowly_holds_no_reader(reader, store):
    """The only reader thread serves others while the parts of an answer wait to be sent."""
    async with aclosing(parts_of(reader, store.scope, many)) as parts:
        first = await anext(parts)
        assert await asyncio.wait_for(reader.run(store.scope, lambda _: 5), 10) == 5
        rest = [part async for part in parts]
    assert [pb.SearchTagsResponse.FromString(one).tagNames[0] for one in [first, *rest]] == [str(n) for n in range(100)]


async def test_a_client_that_goes_away_ends_its_query(reader, store):
    """Closing the stream cancels what the engine works on, so the thread is free again."""
    ended = []

    def long(read):
        yield pb.SearchTagsResponse()
        try:
            read.query("SELECT sum(sleepEachRow(0.1)) FROM numbers(600) SETTINGS max_block_size = 1")
        except QueryCancelledError as error:
            ended.append(error)
            raise

    async with aclosing(parts_of(reader, store.scope, long)) as parts:
        await anext(parts)
        await asyncio.sleep(0.3)
    assert await asyncio.wait_for(reader.run(store.scope, lambda _: 5), 20) == 5
    assert ended


async def test_an_error_comes_after_what_was_made(reader, store):
    """The parts made before the failure are sent, then the error is raised."""

    def broken(_):
        yield pb.SearchTagsResponse()
        raise ValueError("no more")

    parts = parts_of(reader, store.scope, broken)
    await anext(parts)
    with pytest.raises(ValueError, match="no more"):
        await anext(parts)
