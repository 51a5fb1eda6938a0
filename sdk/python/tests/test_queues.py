from __future__ import annotations

import signal
from pathlib import Path

import pytest

from clew.testing import RunningClew
from clew.testing.traced import each, exported, instrumented, program, trace_of, tree

HERE = Path(__file__).parent


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
    producer, consumer = 4, 5
    assert tree(told) == [
        ("bank", "apply_async/celery_app.charge", producer, "run/celery_app.charge"),
        ("bank", "apply_async/celery_app.receipt", producer, "run/celery_app.charge"),
        ("bank", "run/celery_app.charge", consumer, "apply_async/celery_app.charge"),
        ("bank", "run/celery_app.charge", consumer, "apply_async/celery_app.charge"),
        ("bank", "run/celery_app.receipt", consumer, "apply_async/celery_app.receipt"),
        ("till", "apply_async/celery_app.charge", producer, ""),
    ]
    [first] = [span for _, span in each(told) if any(one["key"] == "celery.retry.reason" for one in span["attributes"])]
    assert first["name"] == "run/celery_app.charge"
    assert len({span["spanId"] for _, span in each(told)}) == 6
