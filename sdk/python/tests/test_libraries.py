from __future__ import annotations

import json
import subprocess
import sys

from clew_sdk.instrument import State, libraries
from clew_sdk.instrument.command import main

KNOWN = [
    {"library": "flask >= 1.0", "instrumentation": "opentelemetry-instrumentation-flask==1"},
    {"library": "fastapi ~= 0.92", "instrumentation": "opentelemetry-instrumentation-fastapi==1"},
    {"library": "starlette >= 0.13", "instrumentation": "opentelemetry-instrumentation-starlette==1"},
    {"library": "PyMySQL < 2", "instrumentation": "opentelemetry-instrumentation-pymysql==1"},
    {"library": "pydantic >= 1.10.2", "instrumentation": "opentelemetry-instrumentation-tortoiseorm==1"},
    {"library": "not a requirement !", "instrumentation": "x"},
]
HAVE = {
    "flask": "3.0",
    "opentelemetry-instrumentation-flask": "1",
    "fastapi": "0.100",
    "starlette": "1.0",
    "pymysql": "2.1",
    "pydantic": "2.0",
}


def test_each_library_has_one_state():
    """Traced, missing, covered by another, unfit: each with its reason; what is not installed is not listed."""
    found = {one.name: one for one in libraries(HAVE, KNOWN, {})}
    assert {name: one.state for name, one in found.items()} == {
        "fastapi": State.MISSING,
        "flask": State.TRACED,
        "PyMySQL": State.UNFIT,
        "starlette": State.COVERED,
    }
    assert found["PyMySQL"].why == "its instrumentation knows <2"
    assert found["starlette"].why == "fastapi makes its spans"


def test_a_disabled_instrumentation_covers_nothing():
    """What the environment switches off is told, and what it covered is traced itself."""
    environ = {"OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "flask, fastapi"}
    found = {one.name: one.state for one in libraries(HAVE, KNOWN, environ)}
    assert (found["flask"], found["fastapi"], found["starlette"]) == (State.DISABLED, State.DISABLED, State.MISSING)


def test_a_driver_below_sqlalchemy_and_a_whole_command_make_no_spans_of_their_own():
    """One query is one span: a driver is covered where SQLAlchemy is traced, and traced where that is switched off."""
    known = [
        {"library": name, "instrumentation": f"opentelemetry-instrumentation-{name}==1"}
        for name in ("click", "psycopg", "sqlalchemy", "structlog")
    ]
    have = {"click": "8", "psycopg": "3", "sqlalchemy": "2.0", "structlog": "26"}
    assert {one.name: one.state for one in libraries(have, known, {})} == {
        "click": State.ON_DEMAND,
        "psycopg": State.COVERED,
        "sqlalchemy": State.MISSING,
        "structlog": State.ON_DEMAND,
    }
    off = {"OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "SQLAlchemy"}
    assert {one.name: one.state for one in libraries(have, known, off)}["psycopg"] is State.MISSING


def test_a_switched_off_instrumentation_of_the_standard_library_stays_off():
    """OTEL_PYTHON_DISABLED_INSTRUMENTATIONS counts for two lines in the program too, in either spelling."""
    program = """
import os
from clew_sdk.instrument.enable import enable
os.environ["OTEL_PYTHON_DISABLED_INSTRUMENTATIONS"] = "Threading, kafka_python"
done = enable()
assert "requests" in done and "threading" not in done, done
os.environ["OTEL_PYTHON_DISABLED_INSTRUMENTATIONS"] = "*"
assert enable() == []
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_doctor_names_what_to_install(capsys, monkeypatch, endpoint):
    """The command ends with 1 where something is missing, and prints the pip line, or JSON."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", endpoint.url)
    monkeypatch.setenv("OTEL_SERVICE_NAME", "shop")
    code = main(["doctor"])
    said = capsys.readouterr().out
    assert code == 1
    assert "ok  service      shop" in said
    assert f"ok  collector    {endpoint.url} takes spans" in said
    assert "flask" in said
    assert "  pip install 'opentelemetry-instrumentation-" in said
    assert main(["doctor", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert {"celery", "flask", "requests"} <= {one["name"] for one in told["libraries"] if one["state"] == "traced"}
    assert told["install"]
    assert [one["ok"] for one in told["checks"]] == [True, True]
    assert endpoint.names() == []


def test_the_doctor_says_where_spans_cannot_go(capsys, monkeypatch):
    """A collector that is not there and a service without a name are named, each with what to do."""
    monkeypatch.delenv("OTEL_SERVICE_NAME", raising=False)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "")  # the option sets it, and this takes it back
    assert main(["--endpoint", "http://127.0.0.1:9", "doctor"]) == 1
    said = capsys.readouterr().out
    assert "!!  service      has no name" in said
    assert "!!  collector    http://127.0.0.1:9/v1/traces does not take spans: ConnectionRefusedError" in said
    assert "export OTEL_EXPORTER_OTLP_ENDPOINT=..." in said


def test_errors_of_the_command_line_say_what_to_do(capsys, monkeypatch):
    """No command, a program that is not there and a wrong variable each end with a code and a reason."""
    assert main([]) == 2
    assert main(["--no-install", "no-such-program-anywhere"]) == 127
    assert "no-such-program-anywhere: no such program" in capsys.readouterr().err
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "soon")
    assert main(["--no-install", "python"]) == 2
    assert "OTEL_BSP_SCHEDULE_DELAY='soon'" in capsys.readouterr().err


def test_the_entry_points_lead_to_what_they_name():
    """Distro, configurator, exporter, propagators and samplers can all be loaded by their names."""
    program = """
from importlib.metadata import entry_points
groups = ("distro", "configurator", "traces_exporter", "propagator", "traces_sampler")
points = [p for g in groups for p in entry_points(group=f"opentelemetry_{g}") if p.value.startswith("clew_sdk")]
assert len(points) == 12, points
for point in points:
    assert callable(point.load()), point
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
