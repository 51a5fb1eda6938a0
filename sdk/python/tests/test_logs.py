from __future__ import annotations

import logging
import logging.config
import subprocess
import sys
from functools import partial

import pytest
import structlog
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider

from clew_sdk import structlog_processor
from clew_sdk.export import HttpSender
from clew_sdk.export.encode_logs import LogEncoder
from clew_sdk.export.queue import ExportQueue
from clew_sdk.log_export import LogExport, plain
from clew_sdk.logs import export_logs
from clew_sdk.settings import SettingsError, from_environ


@pytest.fixture
def queue(endpoint):
    """Send what is logged to the endpoint, from level INFO; yields the queue."""
    sender = HttpSender(endpoint.url.replace("/v1/traces", "/v1/logs"))
    encoder = partial(LogEncoder, Resource({"service.name": "shop"}))
    made = ExportQueue(sender, encoder, what="log records", interval_s=0.05, max_queue=100)
    export_logs(LogExport(made))
    yield made
    export_logs(None)
    made.shutdown()


@pytest.fixture
def log():
    """Return a logger of its own that lets everything through."""
    found = logging.getLogger("shop.cart")
    before = found.level
    found.setLevel(logging.DEBUG)
    yield found
    found.setLevel(before)


def attributes(record):
    """Return the attributes of a record, by the one field that is set in each."""
    return {one.key: getattr(one.value, one.value.WhichOneof("value") or "string_value") for one in record.attributes}


def test_a_record_arrives_as_it_was_written(endpoint, queue, log):
    """Text, level, time, logger, place, extra fields and the span that was current are all in the record."""
    with TracerProvider(shutdown_on_exit=False).get_tracer("t").start_as_current_span("s") as span:
        log.warning("%s of %d are left", "tea", 3, extra={"item": "tea", "left": 3, "shelf": {"row": [1, None]}})
    assert queue.force_flush()
    [(logger, record)] = endpoint.records()
    assert (logger, record.body.string_value, record.severity_text) == ("shop.cart", "tea of 3 are left", "WARNING")
    assert record.severity_number == 13
    context = span.get_span_context()
    assert record.trace_id == context.trace_id.to_bytes(16, "big")
    assert record.span_id == context.span_id.to_bytes(8, "big")
    assert record.flags & 1
    assert span.start_time <= record.time_unix_nano <= span.end_time
    assert record.time_unix_nano == record.observed_time_unix_nano
    found = attributes(record)
    assert (found["item"], found["left"]) == ("tea", 3)
    assert found["shelf"].values[0].key == "row"
    assert found["code.function.name"] == "test_a_record_arrives_as_it_was_written"
    assert found["thread.name"]
    assert not {"trace_id", "msg", "args"} & found.keys()
    [resource] = [one.resource for one in endpoint.logs[0].resource_logs]
    assert resource.attributes[0].value.string_value == "shop"


def test_an_exception_is_in_its_record(endpoint, queue, log):
    """`log.exception` sends type, message and stack under OpenTelemetry's names, and outside a span no ids."""
    try:
        int("many")
    except ValueError:
        log.exception("could not pay")
    assert queue.force_flush()
    [(_, record)] = endpoint.records()
    found = attributes(record)
    assert (found["exception.type"], found["exception.message"]) == (
        "ValueError",
        "invalid literal for int() with base 10: 'many'",
    )
    assert "test_logs.py" in found["exception.stacktrace"]
    assert (record.trace_id, record.span_id, record.severity_number) == (b"", b"", 17)


def test_what_is_not_wanted_is_not_sent(endpoint, queue, log):
    """Records below the level, those that no handler is called for, and what the SDK says of itself stay here."""
    log.debug("too low")
    log.setLevel(logging.ERROR)
    log.warning("not enabled")
    logging.getLogger("clew_sdk").warning("spans cannot be sent")
    log.error("yes")
    assert queue.force_flush()
    assert [record.body.string_value for _, record in endpoint.records()] == ["yes"]


def test_the_application_still_sets_up_logging_as_it_likes(endpoint):
    """`basicConfig` and `dictConfig` work after the start, and loggers that do not propagate are sent too."""
    program = f"""
import logging, logging.config, os
os.environ["OTEL_LOGS_EXPORTER"] = "otlp"
import clew_sdk
running = clew_sdk.start("shop", endpoint={endpoint.url.removesuffix("/v1/traces")!r}, instrument=False)
logging.getLogger("a").warning("before")
logging.basicConfig(level=logging.INFO, format="basic %(message)s", force=False)
logging.getLogger("a").info("one")
logging.config.dictConfig({{"version": 1, "loggers": {{"b": {{"propagate": False, "level": "INFO"}}}}}})
logging.getLogger("b").info("two")
logging.getLogger("b").info("three %d", "no number")
running.shutdown()
logging.getLogger("b").info("after")
print(running.told_logs())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "before" in done.stderr  # as without the SDK, where nothing is set up
    assert "basic one" in done.stderr
    assert sorted(record.body.string_value for _, record in endpoint.records()) == [
        "before",
        "one",
        "three %d",
        "two",
    ]
    assert "Told(ended=4, sent=4, queued=0" in done.stdout


def test_events_of_structlog_are_sent_once_whichever_way_they_go(endpoint, queue, log):
    """One processor sends what structlog prints by itself; what it hands to `logging` is sent from there."""
    alone = structlog.wrap_logger(
        structlog.ReturnLogger(), [structlog_processor, structlog.processors.KeyValueRenderer()]
    )
    onward = structlog.wrap_logger(
        log,
        [structlog_processor, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    with TracerProvider(shutdown_on_exit=False).get_tracer("t").start_as_current_span("s") as span:
        alone.warning("cart asked for", items=2)
        onward.error("no stock", item="tea")
    try:
        {}["tea"]
    except KeyError:
        alone.exception("lost", exc_info=True)
    alone.debug("too low")
    assert queue.force_flush()
    told = [(record.body.string_value, record.severity_text, attributes(record)) for _, record in endpoint.records()]
    assert [one[:2] for one in sorted(told, key=lambda one: one[0])] == [
        ("cart asked for", "WARNING"),
        ("lost", "ERROR"),
        ("no stock", "ERROR"),
    ]
    by_body = {body: found for body, _, found in told}
    assert by_body["cart asked for"]["items"] == 2
    assert by_body["no stock"]["item"] == "tea"
    assert by_body["lost"]["exception.type"] == "KeyError"
    ids = {record.trace_id for _, record in endpoint.records() if record.body.string_value != "lost"}
    assert ids == {span.get_span_context().trace_id.to_bytes(16, "big")}


def test_logging_never_waits_and_never_fails(endpoint, queue, log):
    """A full queue drops and counts, and values that raise when they are read cost nobody anything."""

    class Hostile:
        def __str__(self):
            raise RuntimeError("no text")

    log.info("hostile", extra={"thing": Hostile(), "deep": [[[[[[[[[[1]]]]]]]]]]})
    for _ in range(500):
        log.info("many")
    assert queue.force_flush()
    told = queue.told()
    assert told.ended == 501
    assert told.sent + told.dropped.get("queue_full", 0) == 501
    assert attributes(endpoint.records()[0][1])["thing"] == "<Hostile without text>"
    assert plain({1: {2}, "n": None}) == {"1": [2], "n": None}


def test_sending_logs_is_asked_for_by_opentelemetrys_variable():
    """Nothing is sent unless OTEL_LOGS_EXPORTER says so, and a level that is none is named."""
    assert not from_environ({}).log_export
    assert not from_environ({"OTEL_LOGS_EXPORTER": "none"}).log_export
    told = from_environ({"OTEL_LOGS_EXPORTER": "otlp", "CLEW_LOGS_LEVEL": "error"})
    assert (told.log_export, told.log_level, told.logs_url) == (True, 40, "http://127.0.0.1:4318/v1/logs")
    with pytest.raises(SettingsError, match="write one of debug, info, warning, error, critical"):
        from_environ({"CLEW_LOGS_LEVEL": "loud"})
