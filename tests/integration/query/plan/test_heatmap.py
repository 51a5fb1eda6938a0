from __future__ import annotations

import time

import numpy as np
import pytest

from clew.model import Kind
from clew.query.answer import Window
from clew.query.errors import InvalidQueryError
from clew.query.latency import latency
from clew.query.plan.heatmap import DURATION, heatmap
from clew.query.traceql import parse
from clew.query.traceql.ast import Attribute, Level

S, MS = 10**9, 10**6
NOW = (time.time_ns() // S // 600 - 100) * 600
HOUR = Window(NOW * S, (NOW + 3600) * S)


@pytest.fixture(scope="module")
def calls(make_store, kinds):
    """Sixty spans, a minute apart: each takes a tenth longer than the one before, every sixth fails."""
    store, (span_, _) = make_store(), kinds
    store.insert(
        [
            span_(
                n + 1, n + 1, (NOW + 60 * n + 30) * S, duration=int(MS * 1.1**n), service="pay", name="charge", kind=2,
                status=2 if n % 6 == 0 else 0, attributes=[("size", n - 5)],
            )
            for n in range(60)
        ]
    )  # fmt: skip
    return store


def test_cells_hold_the_spans_of_their_time_and_duration(calls):
    """Each span lies in the cell of its start and duration, failures are counted apart, and cells name a trace."""
    found = heatmap(calls.read(), parse("{ }"), DURATION, HOUR, logarithmic=True).data
    n, err = np.array(found.n), np.array(found.err)
    assert n.shape == (len(found.y) - 1, len(found.x_ms))
    assert n.shape[0] <= 60
    assert n.shape[1] <= 120
    assert (n.sum(), err.sum()) == (60, 10)
    for number in range(60):
        at, seconds = (NOW + 60 * number + 30) * 1000, int(MS * 1.1**number) / 1e9
        column = max(i for i, x in enumerate(found.x_ms) if x < at)
        row = max(j for j, y in enumerate(found.y[:-1]) if y < seconds or j == 0)
        assert n[row][column] >= 1
        assert found.ex[row][column] == f"{number + 1:032x}"


def test_scales_can_be_linear_and_fields_any(calls):
    """A linear scale divides the range from 0, or the least value below it, evenly; rows take attributes too."""
    size = Attribute(Level.SPAN, "size")
    found = heatmap(calls.read(), parse("{ status = error }"), size, HOUR, logarithmic=False).data
    assert (found.y[0], found.y[-1]) == (-5, 49)
    assert np.diff(found.y) == pytest.approx(np.full(60, 54 / 60))
    assert np.array(found.n).sum() == np.array(found.err).sum() == 10
    below = heatmap(calls.read(), parse("{ }"), size, HOUR, logarithmic=True).data
    assert (below.y[0], sum(below.n[0])) == (0, 6)


def test_an_empty_heatmap_has_no_spans(calls):
    """A filter that nothing passes gives cells of zeros."""
    for logarithmic in (True, False):
        found = heatmap(calls.read(), parse("{ name = `none` }"), DURATION, HOUR, logarithmic=logarithmic).data
        assert np.array(found.n).sum() == 0


def test_only_single_spans_have_a_heatmap(calls):
    """Structure and metrics functions are refused with a way out."""
    for text in ("{ } >> { }", "{ } | rate()"):
        with pytest.raises(InvalidQueryError) as caught:
            heatmap(calls.read(), parse(text), DURATION, HOUR, logarithmic=True)
        assert caught.value.hint


def test_the_distribution_of_an_operation(calls):
    """Durations of a service, operation and kind come by bucket with failures apart, and as quantiles."""
    found = latency(calls.read(), "pay", "charge", Kind.SERVER, HOUR).data
    assert (sum(found.ok), sum(found.failed)) == (50, 10)
    assert found.upper_ns == sorted(found.upper_ns)
    assert len(found.quantiles_ns) == 21
    assert found.quantiles_ns[10] == pytest.approx(MS * 1.1**29, rel=0.1)
    assert latency(calls.read(), "pay", "none", None, HOUR).data.upper_ns == []
