"""The API answers whatever its own OpenAPI document allows, with what the document says."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from clew.access import Authenticator
from clew.api import ApiDeps, create_app
from clew.api.openapi import document
from clew.query.reader import Reader
from clew.query.saved import SavedQueries

SCHEMA = schemathesis.openapi.from_dict(document())


SETTLING = {
    "traces": 0, "spans": 0, "again": 0, "inexact": 0, "pending": 0, "lag_s": 0, "days_to_check": 0, "errors": 0,
    "last_error": "", "failing": False,
}  # fmt: skip


class Still:
    """State and actions of a Clew in which nothing happens."""

    def ready(self):
        """Be ready."""
        return True, ""

    def newest_span_ns(self):
        """Know of no span."""

    def pending_trace(self, scope, trace_id):
        """Know nothing."""
        del scope, trace_id

    def delete_trace(self, scope, trace_id):
        """Find nothing to delete."""
        del scope, trace_id
        return 0

    def retry_quarantined(self):
        """Have nothing to retry."""
        return 0

    def backup(self, path):
        """Take any path."""
        del path

    def report(self):
        """Return a state."""
        ledger = dict.fromkeys(("received", "stored", "pending", "sampled_out", "rejected", "lost"), 0)
        ledger |= {"rejected_by": {}, "lost_by": {}}
        return {
            "ready": True, "version": "1", "checks": [], "ledger": ledger, "logs": ledger, "requests_refused": {},
            "journal": {"bytes": 0, "max_bytes": 1, "segments": 0, "quarantined": 0, "oldest_age_s": 0}, "lag_s": 0,
            "disk": {"data_bytes": 0, "free_bytes": 1, "max_bytes": None, "reserve_bytes": 0, "by_table": {}},
            "engine": {"kind": "embedded", "version": "26"}, "settling": SETTLING, "uptime_s": 1,
            "newest_span_ns": None,
        }  # fmt: skip


@pytest.fixture(scope="module")
def app(engine):
    """The API over an engine without data."""
    reader = Reader(engine, readers=2, queue=8)
    yield create_app(ApiDeps(reader, Authenticator(), Still(), Still(), lambda: b"", SavedQueries(engine)))
    reader.close()


@SCHEMA.parametrize()
@settings(
    max_examples=6,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)
def test_answers_conform_to_the_document(case, app):
    """Any request that the document allows gets an answer that the document describes, and never status 500."""
    response = case.call(app=app)
    assert response.status_code < 500, response.text
    case.validate_response(
        response,
        checks=(
            content_type_conformance,
            response_schema_conformance,
        ),
    )
