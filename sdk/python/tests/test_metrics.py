from __future__ import annotations

import asyncio
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
import sqlalchemy
import uvloop
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from clew.testing import RunningClew
from clew_sdk.facts import PoolMetrics


@pytest.fixture(scope="module")
def reader():
    """Observe the pools of this process from here on."""
    made = InMemoryMetricReader()
    PoolMetrics(MeterProvider([made]).get_meter("t"))
    return made


def read(reader, name):
    """Return the values of a metric by their attributes."""
    data = reader.get_metrics_data()
    return {
        tuple(sorted(point.attributes.items())): point.value
        for resource in (data.resource_metrics if data else ())
        for scope in resource.scope_metrics
        for metric in scope.metrics
        if metric.name == name
        for point in metric.data.data_points
    }


def test_a_pool_of_threads_tells_its_size_and_what_waits(reader):
    """Threads, their bound and waiting calls are told by the prefix of the pool, and no more once it is shut down."""
    key, go = (("clew.executor.name", "kitchen"),), Event()
    with ThreadPoolExecutor(2, "kitchen-7") as pool:
        for _ in range(5):
            pool.submit(go.wait)
        assert read(reader, "clew.executor.thread.count")[key] == 2
        assert read(reader, "clew.executor.thread.max")[key] == 2
        assert read(reader, "clew.executor.queue.size")[key] == 3
        go.set()
    assert key not in read(reader, "clew.executor.thread.max")


def test_a_pool_of_connections_tells_what_is_used(reader, tmp_path):
    """Connections of SQLAlchemy are counted by state under their database, with the most there may be."""
    place = f"sqlite/{tmp_path}/shop.db"
    engine = sqlalchemy.create_engine(
        f"sqlite:///{tmp_path}/shop.db", poolclass=sqlalchemy.QueuePool, pool_size=3, max_overflow=4
    )
    pool = ("db.client.connection.pool.name", place)
    with engine.connect(), engine.connect():
        pass
    with engine.connect():
        found = read(reader, "db.client.connection.count")
        assert found[pool, ("db.client.connection.state", "used")] == 1
        assert found[pool, ("db.client.connection.state", "idle")] == 1
        assert read(reader, "db.client.connection.max")[(pool,)] == 7
    engine.dispose()


@pytest.mark.parametrize("loop_factory", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_an_event_loop_tells_its_tasks(reader, loop_factory):
    """Tasks of running loops are counted from another thread; without a loop there is no number."""

    async def main():
        waiting = [asyncio.create_task(asyncio.sleep(60)) for _ in range(3)]
        await asyncio.sleep(0)
        found = await asyncio.to_thread(read, reader, "clew.asyncio.task.count")
        for one in waiting:
            one.cancel()
        return found

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        assert runner.run(main())[()] == 4
    assert read(reader, "clew.asyncio.task.count") == {}


PROGRAM = """
import sys, time
import clew_sdk
from clew_sdk.settings import from_environ
running = clew_sdk.start("shop", endpoint=sys.argv[1], instrument=False)
from concurrent.futures import ThreadPoolExecutor
pool = ThreadPoolExecutor(1, "kitchen")
time.sleep(float(sys.argv[2]))
"""


def run(endpoint, seconds):
    """Run a program that sends metrics ten times a second; returns what it said."""
    environ = {"CLEW_PROCESS_METRICS": "true", "OTEL_METRIC_EXPORT_INTERVAL": "100"}
    command = [sys.executable, "-c", PROGRAM, endpoint, str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=environ)
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_metrics_reach_an_endpoint_that_takes_them(endpoint):
    """Process and pools are told over OTLP under the service's name, the last time when the program ends."""
    assert run(endpoint.url.removesuffix("/v1/traces"), 0) == ""
    [resource] = endpoint.metrics[-1].resource_metrics
    assert any(one.value.string_value == "shop" for one in resource.resource.attributes)
    names = {metric.name for scope in resource.scope_metrics for metric in scope.metrics}
    assert {"process.cpu.time", "process.memory.usage", "cpython.gc.collections", "clew.executor.thread.max"} <= names


def test_an_endpoint_without_metrics_is_asked_once_and_named_once(tmp_path):
    """Clew takes no metrics: a program that sends them all the same says so in one line and goes on."""
    with RunningClew(tmp_path) as clew:
        said = run(clew.otlp_http_url, 1)
    assert said.count("takes no metrics") == 1
    assert "404" in said
    assert len(said.splitlines()) == 1


def test_nobody_at_the_endpoint_is_no_reason_to_speak():
    """Metrics that cannot be sent are not repeated; the next collection tells all of it."""
    assert run("http://127.0.0.1:9", 0.5) == ""
