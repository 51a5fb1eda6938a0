from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from prometheus_client.parser import text_string_to_metric_families

from clew.config import TelemetryConfig
from clew.telemetry import Metrics, configure_logs
from clew.telemetry.catalogue import catalogue, main


@pytest.fixture(autouse=True)
def _restore_logging() -> Iterator[None]:
    root = logging.getLogger()
    before = (root.handlers, root.level)
    yield
    root.handlers, root.level = before
    structlog.reset_defaults()


def test_two_registries_do_not_share_anything() -> None:
    """Each `Metrics` counts for itself, so that a test or a second instance sees only its own."""
    first, second = Metrics(), Metrics()
    first.receive_rows.labels("traces").inc(5)
    assert b'clew_receive_rows_total{signal="traces"} 5.0' in first.render()
    assert b'clew_receive_rows_total{signal="traces"}' not in second.render()


def test_gauges_are_refreshed_when_rendered() -> None:
    """A component sets its gauges just before they are read."""
    metrics = Metrics()
    metrics.on_render(lambda: metrics.journal_bytes.set(17))
    assert b"clew_journal_bytes 17.0" in metrics.render()


def test_the_rendering_is_valid_and_complete() -> None:
    """Everything declared is rendered in the Prometheus text format, under the declared name."""
    families = {family.name for family in text_string_to_metric_families(Metrics().render().decode())}
    declared = {item["name"] for item in catalogue()}
    assert {name.removesuffix("_total") for name in declared} <= families
    assert all(item["help"].endswith(".") and item["name"].startswith("clew_") for item in catalogue())


def test_the_committed_catalogue_is_current(tmp_path: Path) -> None:
    """schemas/metrics.json is what is declared."""
    written = tmp_path / "metrics.json"
    assert main([str(written)]) == 0
    committed = Path(__file__).parents[3] / "schemas/metrics.json"
    assert committed.read_text() == written.read_text()


def test_logs_are_json_lines_off_a_terminal() -> None:
    """Our log and that of libraries are one JSON object a line, with level and time, above the configured level."""
    stream = io.StringIO()
    configure_logs(TelemetryConfig(log_level="info"), stream)
    structlog.get_logger("x").info("started", port=4318)
    structlog.get_logger("x").debug("not shown")
    logging.getLogger("library").warning("trouble %d", 7)
    logging.getLogger("library").info("not shown")
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(line["event"], line["level"]) for line in lines] == [("started", "info"), ("trouble 7", "warning")]
    assert lines[0]["port"] == 4318
    assert lines[0]["timestamp"].endswith("Z")


def test_exceptions_are_part_of_the_line() -> None:
    """A traceback does not break the one-line format."""
    stream = io.StringIO()
    configure_logs(TelemetryConfig(), stream)
    try:
        int("broken")
    except ValueError:
        structlog.get_logger("x").exception("failed")
    line = json.loads(stream.getvalue())
    assert "ValueError: invalid literal" in line["exception"]


def test_logs_for_people_are_text() -> None:
    """The console format is no JSON."""
    stream = io.StringIO()
    configure_logs(TelemetryConfig(log_format="console"), stream)
    structlog.get_logger("x").warning("careful", port=1)
    assert "careful" in stream.getvalue()
    assert not stream.getvalue().startswith("{")
