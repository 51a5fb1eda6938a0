"""How long the spans of a service or operation took: a histogram and quantiles, from the rollup."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clew.model import Kind
from clew.query.answer import Answer, Meta, Total, Window
from clew.query.params import Params
from clew.query.read import Read
from clew.store.histogram import bucket_upper, quantile_of

QUANTILES = tuple(number / 20 for number in range(21))
MINUTE_S = 60


@dataclass(frozen=True, slots=True)
class Latency:
    """Spans per bucket of durations, which grow by a quarter of a power of two; each counts what it stands for."""

    upper_ns: list[float]
    """Upper bounds, ascending, without gaps."""
    ok: list[float]
    failed: list[float]
    quantiles_ns: list[float]
    """From 0 to 1 in steps of 0.05; empty without spans."""


def latency(read: Read, service: str, name: str | None, kind: Kind | None, window: Window) -> Answer[Latency]:
    """Return the durations of the spans that start in a window, whose ends are widened to whole minutes."""
    params = Params()
    low, high = window.from_ns // 10**9 // MINUTE_S * MINUTE_S, -(-window.to_ns // (MINUTE_S * 10**9)) * MINUTE_S
    where = [f"r.minute > {params.seconds(low)} AND r.minute <= {params.seconds(high)}"]
    where.append(f"r.service = {params.text(service)}")
    where += [f"r.name = {params.text(name)}"] if name is not None else []
    where += [f"r.kind = {params.bind(int(kind), 'UInt8')}"] if kind is not None else []
    sql = f"""
        SELECT bucket, sumIf(weight, r.status != 2) AS ok, sumIf(weight, r.status = 2) AS failed
        FROM red_1m AS r ARRAY JOIN mapKeys(r.hist) AS bucket, mapValues(r.hist) AS weight
        WHERE tenant = {{tenant:String}} AND {" AND ".join(where)} GROUP BY bucket ORDER BY bucket
    """
    table = read.query(sql, params.values)
    buckets = table.column("bucket").to_numpy().astype(np.int64)
    counts = {one: table.column(one).to_numpy() for one in ("ok", "failed")}
    meta = Meta(
        total=Total(round(float(sum(one.sum() for one in counts.values()))), exact=True),
        returned=buckets.size,
        scanned=read.scanned,
        window=Window(low * 10**9 + 1, high * 10**9),
    )
    if not buckets.size:
        return Answer(Latency([], [], [], []), meta)
    first, last = int(buckets[0]), int(buckets[-1])
    ok, failed = (np.bincount(buckets - first, one, minlength=last - first + 1) for one in counts.values())
    merged = dict(zip(range(first, last + 1), (ok + failed).tolist(), strict=True))
    data = Latency(
        [bucket_upper(one) for one in range(first, last + 1)],
        ok.tolist(),
        failed.tolist(),
        [quantile_of({key: value for key, value in merged.items() if value}, one) for one in QUANTILES],
    )
    return Answer(data, meta)
