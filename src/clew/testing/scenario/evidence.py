"""The evidence of a postmortem: a file of findings with permalinks, and beside it the trace itself, as OTLP."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

from clew.cli.shop import guide
from clew.testing.scenario.desk import Desk
from clew.testing.scenario.play import Windows

_LINK = re.compile(r"\]\((http[^)]+)\)")


def write(folder: Path, desk: Desk, windows: Windows, trace: str) -> Path:
    """Write the evidence of the payment outage; returns the file.

    Args:
        folder: gets the file and the exported trace.
        desk: with the questions of the page.
        windows: when it was, and since when it is over.
        trace: a failed one.
    """
    url, outage, recovered = desk.clew.url, windows["outage"], windows["recovered"]
    summary = desk.clew.get(f"/traces/{trace}/summary")["data"]
    found = desk.clew.get(f"/traces/{trace}/spans/{summary['suggested_span']}")["data"]
    span = found["span"]
    resource = {one["key"]: one["value"] for one in found["resource"]["attributes"]}
    ((traces, orders, amount),) = desk.rows("impact", outage)
    ((customers,),) = desk.rows("customers", outage)
    exported = folder / f"{trace}.json"
    exported.write_bytes(desk.clew.fetch(f"/api/v1/traces/{trace}/export?format=otlp-json"))

    def explore(question: str) -> str:
        return guide.explore(url, desk.page.questions[question], outage)

    failed, since = (desk.value("failed-share", window) for window in (outage, recovered))
    address = f"{guide.trace(url, trace)}/at/{span['span_id']}"
    lines = [
        "# Evidence: payments failed on one instance",
        "",
        "| | |",
        "|---|---|",
        f"| from, to (UTC) | {_time(outage.start_ns)} to {_time(outage.end_ns)} |",
        f"| failing operation | `{span['name']}` of **{span['service']}** |",
        f"| error | `{span['status_message']}` |",
        f"| version | {resource['service.version']} |",
        f"| commit | `{resource['vcs.ref.head.revision']}` |",
        f"| instance, pod | {resource['service.instance.id']}, {resource['k8s.pod.name']} |",
        f"| impact | {traces} traces, {orders} orders, {customers} customers, {amount:.2f} of orders |",
        f"| charged although failed | {desk.value('charged-but-failed', outage):.0f} orders: to be paid back |",
        f"| share of failed orders | {failed:.0%}; since the roll-back {since:.0%} |",
        "",
        f"- A failed order, at its first failed span: [{trace}]({address}), exported as [OTLP]({exported.name})",
        f"- [Failed orders over time]({explore('failed-orders')})",
        f"- [Failed charges by version, instance and commit]({explore('failed-by-deployment')})",
        f"- [All failed orders]({explore('bad-orders')})",
        "",
        "Not in the evidence: what happened behind `legacy-bank`, which is not traced.",
    ]
    file = folder / "evidence.md"
    file.write_text("\n".join(lines) + "\n")
    return file


def links(text: str) -> list[str]:
    """Return the addresses of the pages that a file of evidence links to."""
    return _LINK.findall(text)


def spans(file: Path) -> set[str]:
    """Return the ids of the spans of an exported trace."""
    told = json.loads(file.read_text())
    scopes = (scope for part in told["resourceSpans"] for scope in part["scopeSpans"])
    return {span["spanId"] for scope in scopes for span in scope["spans"]}


def _time(ns: int) -> str:
    return datetime.fromtimestamp(ns // 10**9, UTC).strftime("%Y-%m-%d %H:%M:%S")
