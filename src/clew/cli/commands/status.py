"""`clew status`: health, the ledger, lag and disk."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer

from clew.cli.client import Client
from clew.cli.errors import UnreachableError
from clew.cli.exits import Exit
from clew.cli.options import DEFAULT_URL, Json, Token, Url
from clew.cli.output import human_bytes, note, print_json

app = typer.Typer(add_completion=False)

_POLL_S = 0.1


@app.command()
def status(
    url: Url = DEFAULT_URL,
    wait: Annotated[
        float, typer.Option("--wait", min=0, metavar="SECONDS", help="Wait so long for everything to be ready.")
    ] = 0.0,
    token: Token = "",
    as_json: Json = False,
) -> None:
    """Show whether the data can be trusted now. Ends with 0 when everything is ready, else with 3."""
    answer = _poll(Client(url, token, timeout_s=max(5.0, min(wait, 60.0))), wait)
    if as_json:
        print_json(answer)
    else:
        _show(answer)
    if not answer["ready"]:
        raise typer.Exit(Exit.NOT_READY)


def _poll(client: Client, wait_s: float) -> dict[str, Any]:
    """Return the status, asking again until it is ready or the time is over."""
    end = time.monotonic() + wait_s
    while True:
        try:
            answer: dict[str, Any] = client.get("/status")["data"]
            if answer["ready"] or time.monotonic() >= end:
                return answer
        except UnreachableError:
            if time.monotonic() >= end:
                raise
        time.sleep(_POLL_S)


def _show(answer: dict[str, Any]) -> None:
    ledger, logs, journal, disk = answer["ledger"], answer["logs"], answer["journal"], answer["disk"]
    state = "ready" if answer["ready"] else "NOT READY"
    engine = answer["engine"]
    print(f"Clew {answer['version']} is {state}, up {answer['uptime_s']:.0f} s, {engine['kind']} {engine['version']}")
    for check in answer["checks"]:
        print(f"  {'ok  ' if check['ok'] else 'FAIL'} {check['name']}: {check['detail']}")
    print(f"spans    {_ledger(ledger)}")
    print(f"logs     {_ledger(logs)}")
    for reason, count in sorted(ledger["rejected_by"].items()):
        print(f"           rejected, {reason}: {count:,}")
    for reason, count in sorted(ledger["lost_by"].items()):
        print(f"           lost, {reason}: {count:,}")
    for reason, count in sorted(answer["requests_refused"].items()):
        print(f"           requests refused, {reason}: {count:,}")
    size, most = human_bytes(journal["bytes"]), human_bytes(journal["max_bytes"])
    print(f"journal  {size} of {most} in {journal['segments']} segments, {answer['lag_s']:.1f} s behind")
    if journal["quarantined"]:
        note(f"{journal['quarantined']} segments are in quarantine: see the log, then `clew journal retry`")
    settling = answer["settling"]
    print(
        f"settled  {settling['traces']:,} traces, {settling['pending']:,} pending, {settling['lag_s']:.1f} s behind"
        + (f", failing: {settling['last_error']}" if settling["failing"] else "")
    )
    print(f"disk     {human_bytes(disk['data_bytes'])} used, {human_bytes(disk['free_bytes'])} free")


def _ledger(ledger: dict[str, Any]) -> str:
    names = ("received", "stored", "pending", "sampled_out", "rejected", "lost")
    return "  ".join(f"{name} {ledger[name]:,}" for name in names)
