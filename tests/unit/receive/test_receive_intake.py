from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Sequence

import pytest

from clew.codec import Batches, Compression, Encoding, LogBuilder, MalformedError, Pushed, Request, SpanBuilder
from clew.journal import Group, JournalFullError
from clew.journal.protocol import Durable
from clew.receive.builders import Builders
from clew.receive.errors import IntakeFailedError, StoppingError
from clew.receive.intake import Intake, Pacing
from clew.telemetry import Metrics
from clew.testing.traces import TraceSource

_PREPARED = TraceSource(seed=3, spans=20, templates=2).request(1, time.time_ns())
PATIENT = Pacing(min_wait_s=0.2, max_wait_s=0.4)


def _request(body: bytes = _PREPARED.body, tenant: str = "default") -> Request:
    return Request(tenant, body, Encoding.PROTOBUF, Compression.NONE, time.time_ns())


class _Journal:
    """Keeps groups; answers at once or when the test says so."""

    def __init__(self) -> None:
        self.groups: list[Group] = []
        self.waiting: list[Durable] = []
        self.at_once = True
        self.error: Exception | None = None
        self.arrived = threading.Event()

    def append(self, group: Group, done: Durable) -> None:
        self.groups.append(group)
        if self.at_once:
            done(self.error)
        else:
            self.waiting.append(done)
        self.arrived.set()

    def room(self) -> int:
        return 1 << 40


class _Breaking:
    """A builder that fails in a way that no decoder should."""

    rows = 0
    bytes = 0

    def push(self, requests: Sequence[Request]) -> list[Pushed]:
        raise SystemError(f"{len(requests)} requests")

    def finish(self) -> Batches:
        raise SystemError


def _builders() -> Builders:
    return Builders(SpanBuilder(retention_s=86_400), LogBuilder(retention_s=86_400))


@pytest.fixture
def journal() -> _Journal:
    """The journal behind the intake."""
    return _Journal()


@pytest.fixture
async def intake(journal: _Journal) -> AsyncIterator[Intake]:
    """An intake that waits long enough for requests to join."""
    running = Intake(
        journal,  # type: ignore[arg-type]
        _builders,
        loop=asyncio.get_running_loop(),
        metrics=Metrics(),
        pacing=PATIENT,
    )
    running.start()
    yield running
    await asyncio.to_thread(running.stop)


async def test_many_requests_make_one_group(intake: Intake, journal: _Journal) -> None:
    """Requests of several tenants are decoded into one batch and answered by one commit."""
    answers = await asyncio.gather(*(intake.submit("traces", _request(tenant=f"t{n % 3}")) for n in range(20)))
    assert {answer.accepted for answer in answers} == {_PREPARED.spans}
    assert [group.spans.num_rows for group in journal.groups if group.spans] == [20 * _PREPARED.spans]
    assert set(journal.groups[0].spans.column("tenant").to_pylist()) == {"t0", "t1", "t2"}


async def test_a_bad_request_is_refused_alone_and_at_once(intake: Intake, journal: _Journal) -> None:
    """Its neighbours in the batch are kept."""
    journal.at_once = False
    good = asyncio.create_task(intake.submit("traces", _request()))
    with pytest.raises(MalformedError):
        await intake.submit("traces", _request(b"\xff"))
    await asyncio.to_thread(journal.arrived.wait, 30)
    assert not good.done()
    journal.waiting[0](None)
    assert (await good).accepted == _PREPARED.spans


async def test_an_acknowledgement_waits_for_the_disk(intake: Intake, journal: _Journal) -> None:
    """No answer before `done`; its error is every request's error."""
    journal.at_once = False
    tasks = [asyncio.create_task(intake.submit("traces", _request())) for _ in range(3)]
    await asyncio.to_thread(journal.arrived.wait, 30)
    assert not any(task.done() for task in tasks)
    journal.waiting[0](JournalFullError(1, 1))
    for task in tasks:
        with pytest.raises(JournalFullError):
            await task


async def test_rejected_rows_alone_still_make_a_group(intake: Intake, journal: _Journal) -> None:
    """The ledger counts refused spans durably, also when nothing else came; an empty request needs no commit."""
    bad = bytes.fromhex("0a0812061204") + b"\x12\x02\x0a\x00"
    answer = await intake.submit("traces", _request(bad))
    assert (answer.accepted, answer.rejected) == (0, 1)
    assert dict(journal.groups[0].rejected_spans) == dict(answer.reasons)
    assert (await intake.submit("logs", _request(b""))).accepted == 0
    assert len(journal.groups) == 1


async def test_decoding_goes_on_while_the_journal_syncs(intake: Intake, journal: _Journal) -> None:
    """A second group is built and handed over before the first is durable; then decoding pauses."""
    journal.at_once = False
    tasks = []
    for expected in (1, 2):
        journal.arrived.clear()
        tasks.append(asyncio.create_task(intake.submit("traces", _request())))
        await asyncio.to_thread(journal.arrived.wait, 30)
        assert len(journal.waiting) == expected
    tasks.append(asyncio.create_task(intake.submit("traces", _request())))
    await asyncio.sleep(0.6)
    assert len(journal.waiting) == 2
    journal.at_once = True
    for done in journal.waiting:
        done(None)
    assert [answer.accepted for answer in await asyncio.gather(*tasks)] == [_PREPARED.spans] * 3


async def test_stopping_hands_over_what_is_queued(intake: Intake, journal: _Journal) -> None:
    """What was taken is answered, what comes after is refused with the retryable error."""
    tasks = [asyncio.create_task(intake.submit("traces", _request())) for _ in range(5)]
    await asyncio.sleep(0)
    await asyncio.to_thread(intake.stop)
    assert {answer.accepted for answer in await asyncio.gather(*tasks)} == {_PREPARED.spans}
    with pytest.raises(StoppingError):
        await intake.submit("traces", _request())
    await asyncio.to_thread(intake.stop)
    assert sum(group.spans.num_rows for group in journal.groups if group.spans) == 5 * _PREPARED.spans


async def test_stopping_without_a_start_is_safe(journal: _Journal) -> None:
    """The lifecycle contract: stop twice, or without start."""
    idle = Intake(journal, _builders, loop=asyncio.get_running_loop(), metrics=Metrics())  # type: ignore[arg-type]
    idle.stop()
    idle.stop()
    with pytest.raises(StoppingError):
        await idle.submit("traces", _request())


async def test_a_defect_in_decoding_is_answered_and_survived(journal: _Journal) -> None:
    """Every request gets the retryable error, and the next ones are decoded by a fresh builder."""
    made: list[Builders] = []

    def builders() -> Builders:
        made.append(_builders() if made else Builders(_Breaking(), _Breaking()))
        return made[-1]

    intake = Intake(journal, builders, loop=asyncio.get_running_loop(), metrics=Metrics(), pacing=PATIENT)  # type: ignore[arg-type]
    intake.start()
    with pytest.raises(IntakeFailedError, match="SystemError") as caught:
        await intake.submit("traces", _request())
    assert caught.value.retryable
    assert (await intake.submit("traces", _request())).accepted == _PREPARED.spans
    await asyncio.to_thread(intake.stop)
