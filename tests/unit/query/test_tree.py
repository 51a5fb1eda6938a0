from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from clew.model import Kind
from clew.query.tree import build

spans = st.lists(
    st.tuples(st.integers(1, 12), st.integers(0, 14), st.integers(0, 20), st.sampled_from([1, 2, 3])),
    min_size=1,
    max_size=14,
)


def tree_of(rows):
    """Build the tree of (id, parent, start, kind) rows."""
    span, parent, start, kind = (np.array(column) for column in zip(*rows, strict=True))
    return build(span.astype(np.uint64), parent.astype(np.uint64), start.astype(np.int64), kind.astype(np.uint8))


def naive(rows):
    """Return (depth, index) in pre-order of a tree without repeated ids and cycles, missing parents as -1."""
    ids = {row[0] for row in rows}
    missing = sorted({row[1] for row in rows if row[1] and row[1] not in ids})
    out = []

    def walk(index, identity, depth):
        out.append((depth, index))
        children = [i for i, row in enumerate(rows) if row[1] == identity and identity]
        for child in sorted(children, key=lambda i: (rows[i][2], rows[i][0])):
            walk(child, rows[child][0], depth + 1)

    tops = [(rows[i][2], rows[i][0], i) for i in range(len(rows)) if not rows[i][1]]
    tops += [(min(row[2] for row in rows if row[1] == one), one, -1) for one in missing]
    for _, identity, index in sorted(tops):
        walk(index, identity, 0)
    return out


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 20)), min_size=1, max_size=30), st.integers(0, 3))
def test_pre_order_equals_a_naive_walk(shape, lost):
    """On trees with lost parents the rows, depths and placeholders are those of a recursive walk."""
    rows = [(i + 1, int(where * i), start, 1) for i, (where, start) in enumerate(shape)][lost:]
    if not rows:
        return
    tree = tree_of(rows)
    assert list(zip(tree.depth.tolist(), tree.order.tolist(), strict=True)) == naive(rows)


@settings(max_examples=300, deadline=None)
@given(spans)
def test_every_span_has_one_row_below_its_parent(rows):
    """Whatever the ids say (twins, cycles, itself as parent), each span stands once, after and one below its parent."""
    tree = tree_of(rows)
    assert sorted(tree.order[tree.order >= 0].tolist()) == list(range(len(rows)))
    for row, above in enumerate(tree.parent.tolist()):
        assert above < row
        assert tree.depth[row] == (0 if above < 0 else tree.depth[above] + 1)
    assert all(tree.order[row] >= 0 or tree.missing[row] for row in range(tree.order.size))


def test_a_cycle_is_cut_at_its_earliest_span():
    """The earliest span of a cycle becomes an orphan under a placeholder for its parent."""
    tree = tree_of([(1, 2, 5, 1), (2, 1, 3, 1), (3, 1, 9, 1)])
    assert tree.order.tolist() == [-1, 1, 0, 2]
    assert tree.depth.tolist() == [0, 1, 2, 3]
    assert tree.missing.tolist() == [1, 0, 0, 0]
    assert tree.orphan.tolist() == [False, True, False, False]


def test_zipkin_twins():
    """A server that shares its client's id stands under it; the server's own children stand under the server."""
    rows = [(1, 0, 0, Kind.CLIENT), (1, 0, 1, Kind.SERVER), (2, 1, 2, Kind.INTERNAL), (3, 1, 3, Kind.SERVER)]
    tree = tree_of(rows)
    assert tree.order.tolist() == [0, 1, 2, 3]
    assert tree.depth.tolist() == [0, 1, 2, 1]


def test_a_long_chain():
    """Depth is bounded by nothing but the number of spans."""
    count = 50_000
    ids = np.arange(1, count + 1, dtype=np.uint64)
    tree = build(ids, ids - 1, ids.astype(np.int64), np.ones(count, np.uint8))
    assert tree.depth.tolist() == list(range(count))
