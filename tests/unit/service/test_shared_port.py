from __future__ import annotations

import asyncio
import contextlib
from types import SimpleNamespace

import pytest

from clew.service.shared_port import PREFACE, SharedPort


async def finish(writer):
    """Close a connection and wait until it is."""
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


BIG = 24 << 20
PART = 64 << 10


@pytest.fixture
async def splice(tmp_path):
    """Return a function that starts a server behind a shared port and returns the port's address."""
    opened = []

    async def start(serve):
        path = tmp_path / "grpc"
        server = await asyncio.start_unix_server(serve, str(path))
        port = SharedPort(path, header_timeout_s=5, header_max_bytes=4096, max_connections=100)
        state = SimpleNamespace(connections=set())
        loop = asyncio.get_running_loop()
        front = await loop.create_server(lambda: port(None, state, {}, loop), "127.0.0.1", 0)
        opened.extend([server, front])
        return front.sockets[0].getsockname(), state

    yield start
    for one in opened:
        one.close()
    await asyncio.sleep(0.05)


async def test_bytes_pass_unchanged_both_ways(splice):
    """What the client sends after the preface arrives whole, and so does the answer."""

    async def echo(reader, writer):
        while part := await reader.read(PART):
            writer.write(part)
            await writer.drain()
        await finish(writer)

    address, _ = await splice(echo)
    reader, writer = await asyncio.open_connection(*address)
    sent = PREFACE + bytes(range(256)) * 4096
    for at in range(0, len(sent), 7001):
        writer.write(sent[at : at + 7001])
    await writer.drain()
    assert await reader.readexactly(len(sent)) == sent
    await finish(writer)


async def test_a_client_that_does_not_read_stops_the_server(splice):
    """A stream to a slow client is held at its source; nothing piles up between, and in the end all arrives."""
    written = 0
    filled = asyncio.Event()

    async def pour(reader, writer):
        nonlocal written
        await reader.readexactly(len(PREFACE))
        while written < BIG:
            writer.write(b"x" * PART)
            try:
                await asyncio.wait_for(asyncio.shield(drained := asyncio.ensure_future(writer.drain())), 0.5)
            except TimeoutError:
                filled.set()
                await drained
            written += PART
        await finish(writer)

    address, _ = await splice(pour)
    reader, writer = await asyncio.open_connection(*address, limit=PART)
    writer.write(PREFACE)
    await asyncio.wait_for(filled.wait(), 30)
    assert written < BIG
    received = 0
    while part := await reader.read(PART):
        received += len(part)
    assert received == BIG
    await finish(writer)


async def test_a_server_that_does_not_read_stops_the_client(splice):
    """The other way round: a long request waits in the client."""
    go_on, got = asyncio.Event(), []

    async def hesitate(reader, writer):
        await go_on.wait()
        total = 0
        while part := await reader.read(PART):
            total += len(part)
        got.append(total)
        writer.write(b"done")
        await finish(writer)

    address, _ = await splice(hesitate)
    reader, writer = await asyncio.open_connection(*address)
    writer.write(PREFACE + b"y" * BIG)
    draining = asyncio.ensure_future(writer.drain())
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(asyncio.shield(draining), 0.5)
    assert not draining.done()
    go_on.set()
    await draining
    writer.write_eof()
    assert await reader.read() == b"done"
    assert got == [len(PREFACE) + BIG]
    await finish(writer)


async def test_an_end_in_one_direction_leaves_the_other_open(splice):
    """A client that has said everything still gets its answer."""

    async def answer_at_the_end(reader, writer):
        whole = await reader.read()
        writer.write(str(len(whole)).encode())
        await writer.drain()
        await finish(writer)

    address, state = await splice(answer_at_the_end)
    reader, writer = await asyncio.open_connection(*address)
    writer.write(PREFACE + b"z" * 1000)
    writer.write_eof()
    assert await reader.read() == str(len(PREFACE) + 1000).encode()
    await finish(writer)
    for _ in range(100):
        if not state.connections:
            break
        await asyncio.sleep(0.01)
    assert state.connections == set()


async def test_a_client_that_goes_away_closes_its_way_to_the_server(splice):
    """No connection is left behind."""
    ended = asyncio.Event()

    async def wait_for_the_end(reader, writer):
        with contextlib.suppress(ConnectionError):
            await reader.read()
        ended.set()
        await finish(writer)

    address, _ = await splice(wait_for_the_end)
    _, writer = await asyncio.open_connection(*address)
    writer.write(PREFACE)
    await writer.drain()
    writer.transport.abort()
    await asyncio.wait_for(ended.wait(), 10)
    await finish(writer)


async def test_without_a_server_the_client_is_closed(tmp_path):
    """When nothing listens behind, the connection ends at once."""
    port = SharedPort(tmp_path / "nobody", header_timeout_s=5, header_max_bytes=4096, max_connections=100)
    loop = asyncio.get_running_loop()
    state = SimpleNamespace(connections=set())
    front = await loop.create_server(lambda: port(None, state, {}, loop), "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*front.sockets[0].getsockname())
    writer.write(PREFACE)
    assert await asyncio.wait_for(reader.read(), 10) == b""
    await finish(writer)
    front.close()
