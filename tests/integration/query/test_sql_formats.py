from __future__ import annotations

import io
import json
import time

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from clew.query.answer import Window
from clew.query.errors import InvalidQueryError
from clew.query.sql.formats import META_KEY
from clew.query.sql.plain import values_of
from clew.query.sql.run import SqlQuery, pieces, rows

S = 10**9
T0 = (time.time_ns() // (600 * S) - 12) * 600 * S
SQL = """SELECT service, span_id, start, duration, duration_ms, is_error, attributes, event_names,
    toDateTime(start) AS second, nullIf(status_message, '') AS message FROM spans ORDER BY start"""


@pytest.fixture(scope="module")
def shop(make_store, kinds):
    """A thousand spans of two services."""
    span, event = kinds
    store = make_store()
    store.insert(
        [
            span(
                n, n, T0 + n * 1001, duration=n, service=f"s{n % 2}", status=2 if n % 3 == 0 else 0,
                message="it's \"bad\",\nvery" if n % 3 == 0 else "",
                attributes=[("n", n), ("text", 'ä, "b"')], events=[event("e")] * (n % 2),
            )
            for n in range(1, 1001)
        ]
    )  # fmt: skip
    return store


def body(store, form, sql=SQL, limit=0):
    """Return a whole answer in a format."""
    now = time.time_ns()
    query = SqlQuery(sql, Window(now - 86_400 * S, now), ranged=False, limit=limit)
    return b"".join(pieces(store.read(), query, form))


def plain(store, sql=SQL):
    """Return the rows as the JSON answer has them."""
    now = time.time_ns()
    return values_of(
        rows(store.read(), SqlQuery(sql, Window(now - 86_400 * S, now), ranged=False, limit=5000)).data.table
    )


def test_arrow_and_parquet_hold_the_rows_of_json(shop):
    """Both binary forms have every row and column with its type, and the meta where readers find it."""
    reader = pa.ipc.open_stream(body(shop, "arrow"))
    batches = [(batch, metadata) for batch, metadata in reader.iter_batches_with_custom_metadata()]
    table = pa.Table.from_batches([batch for batch, _ in batches])
    assert values_of(table) == plain(shop)
    assert json.loads(batches[-1][1][META_KEY.encode()])["returned"] == 1000
    file = pq.ParquetFile(io.BytesIO(body(shop, "parquet")))
    without_seconds = [row[:8] + row[9:] for row in plain(shop)]  # Parquet has no times in seconds
    assert values_of(file.read().drop_columns("second")) == without_seconds
    assert json.loads(file.metadata.metadata[META_KEY.encode()])["truncated"] is None
    assert str(table.schema.field("second").type) == "timestamp[s, tz=UTC]"


def test_ndjson_has_columns_rows_and_the_meta(shop):
    """Each row is a line; the last line has the meta."""
    lines = [json.loads(line) for line in body(shop, "ndjson").splitlines()]
    assert [one["name"] for one in lines[0]["columns"]][:2] == ["service", "span_id"]
    assert [line["row"] for line in lines[1:-1]] == plain(shop)
    assert (lines[-1]["type"], lines[-1]["meta"]["returned"]) == ("end", 1000)
    assert lines[-1]["meta"]["scanned"]["rows"] >= 1000


def test_csv_is_read_back(shop):
    """Quotes, commas and line ends in cells survive; maps are JSON."""
    table = pyarrow.csv.read_csv(
        io.BytesIO(body(shop, "csv")), parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True)
    )
    assert table.num_rows == 1000
    row = table.slice(2, 1).to_pylist()[0]
    assert row["message"] == 'it\'s "bad",\nvery'
    assert json.loads(row["attributes"]) == {"n": "3", "text": 'ä, "b"'}
    assert row["duration"] == 3


def test_a_limit_cuts_and_says_so(shop):
    """The rows asked for come, and the meta tells that there are more."""
    lines = [json.loads(line) for line in body(shop, "ndjson", limit=10).splitlines()]
    assert len(lines) == 12
    assert lines[-1]["meta"]["truncated"]["limit"] == 10
    reader = pa.ipc.open_stream(body(shop, "arrow", limit=1000))
    assert (
        json.loads([m for _, m in reader.iter_batches_with_custom_metadata()][-1][META_KEY.encode()])["truncated"]
        is None
    )


@pytest.mark.parametrize("form", ["ndjson", "csv", "arrow", "parquet"])
def test_no_rows_still_have_columns(shop, form):
    """An answer without rows has its columns in every format."""
    found = body(shop, form, "SELECT service, attributes FROM spans WHERE service = 'none'")
    if form == "arrow":
        assert pa.ipc.open_stream(found).read_all().column_names == ["service", "attributes"]
    elif form == "parquet":
        assert pq.read_table(io.BytesIO(found)).column_names == ["service", "attributes"]
    else:
        assert b"attributes" in found


def test_large_answers_stay_small_in_memory(shop):
    """A stream hands out pieces as the engine makes them; no piece is as large as the answer."""
    now = time.time_ns()
    sql = "SELECT a.span_id, b.span_id AS other, a.service FROM spans AS a CROSS JOIN spans AS b"
    query = SqlQuery(sql, Window(now - 86_400 * S, now), ranged=False, limit=0)
    sizes = [len(piece) for piece in pieces(shop.read(), query, "csv")]
    assert sum(sizes) > 30_000_000
    assert max(sizes) < sum(sizes) / 4


def test_a_wrong_query_fails_before_the_first_piece(shop):
    """Nothing is sent for a query that is refused."""
    with pytest.raises(InvalidQueryError):
        body(shop, "csv", "SELECT nothing FROM spans")
