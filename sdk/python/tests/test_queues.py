from __future__ import annotations

import signal
from pathlib import Path

import pytest

from clew.testing import RunningClew
from clew.testing.kafka import RunningKafka
from clew.testing.stored import each
from clew.testing.traced import exported, instrumented, program, spans_of, trace_of, tree

HERE = Path(__file__).parent
PRODUCER, CONSUMER = 4, 5

pytestmark = pytest.mark.timeout(400)  # programs, workers and a broker start one after the other


@pytest.fixture(scope="module")
def clew(tmp_path_factory):
    """A running Clew."""
    with RunningClew(tmp_path_factory.mktemp("clew")) as running:
        yield running


def test_a_celery_task_its_retry_and_what_it_queues_are_one_trace(clew, tmp_path):
    """Producer and consumer spans alternate through forked workers, whose end sends what no interval has."""
    environ = {"CELERY_FOLDER": str(tmp_path), "PYTHONPATH": str(HERE), "OTEL_BSP_SCHEDULE_DELAY": "3600000"}
    worker = instrumented("-m", "celery", "-A", "celery_app", "worker", "--pool", "prefork", "-c", "2", "-l", "warning")
    with program(clew, "bank", worker, environ) as running:
        with program(clew, "till", instrumented(str(HERE / "celery_app.py")), environ) as sender:
            assert sender.wait(60) == 0
        running.send_signal(signal.SIGTERM)
        assert running.wait(60) == 0
    trace = trace_of(clew, '{ resource.service.name = "till" }')
    told = exported(clew, trace, lambda spans: len(spans) >= 6)
    assert tree(told) == [
        ("bank", "apply_async/celery_app.charge", PRODUCER, "run/celery_app.charge"),
        ("bank", "apply_async/celery_app.receipt", PRODUCER, "run/celery_app.charge"),
        ("bank", "run/celery_app.charge", CONSUMER, "apply_async/celery_app.charge"),
        ("bank", "run/celery_app.charge", CONSUMER, "apply_async/celery_app.charge"),
        ("bank", "run/celery_app.receipt", CONSUMER, "apply_async/celery_app.receipt"),
        ("till", "apply_async/celery_app.charge", PRODUCER, ""),
    ]
    [first] = [span for _, span in each(told) if any(one["key"] == "celery.retry.reason" for one in span["attributes"])]
    assert first["name"] == "run/celery_app.charge"
    assert len({span["spanId"] for _, span in each(told)}) == 6


@pytest.fixture(scope="module")
def records(clew, tmp_path_factory):
    """Send two orders over a real broker, through every program of `kafka_app.py`."""
    with RunningKafka(tmp_path_factory.mktemp("kafka")) as kafka:
        for role in ("send", "batch", "forward", "collect"):
            command = instrumented(str(HERE / "kafka_app.py"), role, kafka.address)
            with program(clew, f"kafka-{role}", command) as running:
                assert running.wait(90) == 0
        yield


@pytest.mark.kafka
@pytest.mark.usefixtures("records")
def test_records_of_kafka_carry_their_trace_from_program_to_program(clew):
    """The work on a record and what it sends on are below the span of its producer, in whatever client."""
    trace = trace_of(clew, '{ resource.service.name = "kafka-collect" }')
    assert spans_of(clew, trace, 6) == [
        ("kafka-collect", "parcels receive", CONSUMER, "parcels send"),
        ("kafka-collect", "process parcels", CONSUMER, "parcels send"),
        ("kafka-forward", "orders receive", CONSUMER, "orders send"),
        ("kafka-forward", "parcels send", PRODUCER, "process orders"),
        ("kafka-forward", "process orders", CONSUMER, "orders send"),
        ("kafka-send", "orders send", PRODUCER, ""),
    ]


@pytest.mark.kafka
@pytest.mark.usefixtures("records")
def test_a_batch_of_kafka_links_to_every_producer(clew):
    """Records that are taken at once have one span, which links to the spans of all that sent them."""
    trace = trace_of(clew, '{ name = "orders process" && resource.service.name = "kafka-batch" }')
    told = exported(clew, trace, lambda spans: len(spans) >= 2)
    [links] = [span["links"] for _, span in each(told) if span["name"] == "orders process"]
    asked = {"q": '{ resource.service.name = "kafka-send" }', "from": "now-1h", "to": "now"}
    sent = {one["trace_id"] for one in clew.post("/search", asked)["data"]["traces"]}
    assert len(sent) == 2
    assert {link["traceId"] for link in links} == sent
