"""Archived traces: copies that answer when the spans are gone."""

from __future__ import annotations

import time

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from clew.query.archive import one_trace
from clew.query.errors import TraceNotFoundError
from clew.store.archive import keep_trace
from clew.store.delete import delete_trace

S = 10**9
T0 = (time.time_ns() // (600 * S) - 12) * 600 * S
ID = f"{7:032x}"


@pytest.fixture
def kept(store, kinds):
    """A trace that was archived twice and whose spans have expired since."""
    span, _ = kinds
    store.insert([span(7, number, T0 + number, attributes=[("raw", "\x00\u00e9")]) for number in range(1, 4)])
    bodies = [body for _, body in one_trace(store.read(), ID)]
    for at in (T0, T0 + S):
        keep_trace(store.engine, store.scope, bytes.fromhex(ID), bodies, at)
    for table in ("spans", "trace_index"):
        store.engine.execute(f"DELETE FROM {table} WHERE tenant = '{store.scope.tenant}'")
    return bodies


def test_a_copy_answers_once_no_span_is_stored(store, kept):
    """The newest copy comes back byte by byte, once."""
    assert [body for _, body in one_trace(store.read(), ID)] == kept
    spans = [
        span
        for body in kept
        for group in TracesData.FromString(body).resource_spans
        for scoped in group.scope_spans
        for span in scoped.spans
    ]
    assert len(spans) == 3


@pytest.mark.usefixtures("kept")
def test_another_tenant_does_not_see_a_copy(make_store):
    """A copy belongs to whom the trace belongs."""
    with pytest.raises(TraceNotFoundError):
        list(one_trace(make_store().read(), ID))


@pytest.mark.usefixtures("kept")
def test_deleting_a_trace_deletes_its_copies(store):
    """Nothing of a deleted trace can be read by its id."""
    assert delete_trace(store.engine, store.scope, bytes.fromhex(ID)).rows["kept_traces"] == 2
    with pytest.raises(TraceNotFoundError):
        list(one_trace(store.read(), ID))
