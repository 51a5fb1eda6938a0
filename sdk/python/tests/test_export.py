from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from clew_sdk.export import HttpSender, QueueProcessor, Spill
from clew_sdk.export.exporter import ClewSpanExporter
from clew_sdk.export.sender import Answer
from clew_sdk.settings import Settings

NOWHERE = "http://127.0.0.1:9/v1/traces"


def traced(queue, *names):
    """End a span of each name."""
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(queue)
    for name in names:
        provider.get_tracer("t").start_span(name).end()
    return provider


def until(true, seconds=20.0):
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to hold"
        time.sleep(0.01)


def test_spans_arrive_over_one_connection_and_are_counted(endpoint):
    """What ends is sent in batches over a kept connection, and every span is accounted for."""
    queue = QueueProcessor(HttpSender(endpoint.url, headers={"authorization": "Bearer x"}), batch=2, interval_s=0.05)
    traced(queue, *"abcde")
    assert queue.force_flush()
    assert sorted(endpoint.names()) == list("abcde")
    told = queue.told()
    assert (told.ended, told.sent, told.queued, told.spilled, told.dropped) == (5, 5, 0, 0, {})
    assert len(endpoint.connections) == 1
    assert endpoint.headers[0]["authorization"] == "Bearer x"
    queue.shutdown()
    queue.shutdown()


def test_unsampled_spans_are_not_sent(endpoint):
    """A span that was sampled out costs nothing and is not counted."""
    queue = QueueProcessor(HttpSender(endpoint.url))
    provider = TracerProvider(sampler=ALWAYS_OFF, shutdown_on_exit=False)
    provider.add_span_processor(queue)
    provider.get_tracer("t").start_span("no").end()
    assert queue.force_flush()
    assert queue.told().ended == 0
    queue.shutdown()


def test_a_connection_that_was_closed_while_idle_is_made_again(endpoint):
    """An endpoint that hangs up between requests loses nothing, and no wait is needed."""
    endpoint.close = True
    sender = HttpSender(endpoint.url)
    for _ in range(3):
        assert sender.send(b"").answer is Answer.TAKEN
    assert len(endpoint.connections) == 3
    sender.close()


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_endpoint_gets_the_same_spans_again(endpoint, status):
    """Retryable answers are retried after the time the endpoint asks for; nothing is lost or doubled."""
    endpoint.statuses, endpoint.retry_after = [status, status], "0"
    queue = QueueProcessor(HttpSender(endpoint.url), interval_s=0.01)
    traced(queue, "a", "b")
    assert queue.force_flush()
    assert sorted(endpoint.names()) == ["a", "b"]
    assert queue.told().sent == 2
    queue.shutdown()


@pytest.mark.parametrize(("status", "reason"), [(400, "refused"), (401, "refused"), (413, "too_large")])
def test_what_is_refused_for_good_is_dropped_and_counted(endpoint, status, reason, caplog):
    """A permanent answer is not repeated; the count and one line of the log say why."""
    endpoint.statuses = [status]
    queue = QueueProcessor(HttpSender(endpoint.url), interval_s=0.01)
    traced(queue, "a")
    until(lambda: queue.told().dropped)
    assert queue.told().dropped == {reason: 1}
    assert str(status) in caplog.text
    traced(queue, "b")
    assert queue.force_flush()
    assert endpoint.names() == ["b"]
    queue.shutdown()


def test_a_full_queue_drops_the_newest_and_never_blocks(endpoint):
    """While the endpoint hangs, ending a span stays an append, and what has no room is counted."""
    endpoint.wait = threading.Event()
    queue = QueueProcessor(HttpSender(endpoint.url), max_queue=10, batch=5, interval_s=0.01)
    traced(queue, *(str(i) for i in range(100)))
    told = queue.told()
    assert told.dropped["queue_full"] >= 80
    assert told.ended == 100
    endpoint.wait.set()
    assert queue.force_flush()
    told = queue.told()
    assert told.sent + told.dropped["queue_full"] == 100
    queue.shutdown()


def test_shutdown_keeps_its_deadline_when_nobody_answers(endpoint):
    """A hanging endpoint cannot hold up the end of a process; what is left is counted."""
    endpoint.wait = threading.Event()
    queue = QueueProcessor(HttpSender(endpoint.url), interval_s=0.01, shutdown_s=0.3)
    traced(queue, "a", "b")
    began = time.monotonic()
    queue.shutdown()
    assert time.monotonic() - began < 10
    told = queue.told()
    assert told.sent + sum(told.dropped.values()) + told.queued == 2
    traced(queue, "after")
    assert queue.told().ended == 2


def test_what_cannot_be_sent_waits_on_disk_and_is_sent_later(endpoint, tmp_path):
    """Spans of a process whose collector was away are sent by the next one, oldest first."""
    away = QueueProcessor(HttpSender(NOWHERE), spill=Spill(tmp_path), interval_s=0.01, shutdown_s=1.0)
    traced(away, "one")
    away.shutdown()
    assert away.told().spilled == 1
    assert Spill(tmp_path).spans() == 1
    back = QueueProcessor(HttpSender(endpoint.url), spill=Spill(tmp_path), interval_s=0.01)
    traced(back, "two")
    until(lambda: sorted(endpoint.names()) == ["one", "two"])
    until(lambda: not list(tmp_path.iterdir()))
    back.shutdown()


def test_the_spill_is_bounded_and_gives_up_its_oldest(tmp_path):
    """Beyond its bytes the oldest requests go, and their spans are told; one that never fits is not kept."""
    spill = Spill(tmp_path, max_bytes=100)
    assert spill.put(b"a" * 40, 3) == 0
    assert spill.put(b"b" * 40, 5) == 0
    assert spill.put(b"c" * 40, 7) == 3
    assert spill.put(b"d" * 101, 1) is None
    assert spill.spans() == 12
    taken = spill.take()
    assert (taken.body, taken.spans) == (b"b" * 40, 5)
    assert spill.spans() == 7
    spill.back(taken)
    assert spill.take().body == b"b" * 40


def test_a_request_taken_by_a_process_that_died_is_free_again(tmp_path):
    """What a killed process had in hand is sent by another."""
    Spill(tmp_path).put(b"x", 1)
    program = """
import os, signal, sys
from clew_sdk.export import Spill
Spill(sys.argv[1]).take()
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert Spill(tmp_path).take().body == b"x"


def test_a_directory_that_cannot_be_written_costs_the_spans_alone(tmp_path):
    """A spill that does not work is counted, and nothing is raised."""
    (tmp_path / "file").write_text("")
    queue = QueueProcessor(
        HttpSender(NOWHERE), spill=Spill(tmp_path / "file" / "below"), interval_s=0.01, shutdown_s=0.5
    )
    traced(queue, "a")
    queue.shutdown()
    assert queue.told().dropped == {"spill_full": 1}


def test_a_forked_worker_sends_its_own_spans(endpoint):
    """A fork in the middle of sending loses nothing in the parent, doubles nothing, and works in the child."""
    queue = QueueProcessor(HttpSender(endpoint.url), interval_s=0.05)
    traced(queue, "parent-1")
    pid = os.fork()
    if pid == 0:
        traced(queue, "child-1", "child-2")
        os._exit(0 if queue.force_flush(10_000) and queue.told().sent == 2 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    traced(queue, "parent-2")
    assert queue.force_flush()
    assert sorted(endpoint.names()) == ["child-1", "child-2", "parent-1", "parent-2"]
    queue.shutdown()


@pytest.mark.parametrize(
    "body",
    [
        "traced('one'); traced('two')",
        "import gevent; gevent.joinall([gevent.spawn(traced, name) for name in ('one', 'two')])",
        """
import asyncio
async def both():
    await asyncio.gather(*(asyncio.to_thread(traced, name) for name in ("one", "two")))
asyncio.run(both())
""",
        """
import multiprocessing
traced("one")
child = multiprocessing.get_context("fork").Process(target=traced, args=("two",))
child.start(); child.join()
assert child.exitcode == 0
""",
    ],
    ids=["plain", "gevent", "asyncio", "multiprocessing"],
)
def test_a_process_that_just_ends_has_sent_its_spans(endpoint, body):
    """Nothing has to be called at the end: leaving the program sends what is queued, also under gevent."""
    head = "from gevent import monkey; monkey.patch_all()\n" if "gevent" in body else ""
    program = f"""{head}
from opentelemetry.sdk.trace import TracerProvider
from clew_sdk.export import HttpSender, QueueProcessor
provider = TracerProvider(shutdown_on_exit=False)
provider.add_span_processor(QueueProcessor(HttpSender({endpoint.url!r}), interval_s=60))
def traced(name):
    provider.get_tracer("t").start_span(name).end()
{body}
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(endpoint.names()) == ["one", "two"]


def test_the_stock_processor_can_use_the_exporter(endpoint):
    """Behind OpenTelemetry's interface the exporter tells success and failure, and retries within its timeout."""
    exporter = ClewSpanExporter(Settings(traces_url=endpoint.url, timeout_s=5.0))
    span = TracerProvider(shutdown_on_exit=False).get_tracer("t").start_span("a")
    span.end()
    endpoint.statuses, endpoint.retry_after = [503], "0"
    assert exporter.export([span]) is SpanExportResult.SUCCESS
    endpoint.statuses = [400]
    assert exporter.export([span]) is SpanExportResult.FAILURE
    assert exporter.force_flush()
    exporter.shutdown()
    assert endpoint.names() == ["a"]


def test_an_address_that_is_none_is_told_at_once():
    """A wrong address fails at the start, with one that would do."""
    with pytest.raises(ValueError, match=r"http://127\.0\.0\.1:4318"):
        HttpSender("localhost:4318")
