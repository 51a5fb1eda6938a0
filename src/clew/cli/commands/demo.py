"""`clew demo`: faults of the shop that breaks on purpose; the shop itself is started by `make demo`."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from clew.cli.client import Client
from clew.cli.errors import ShopUnreachableError, UnknownFaultError, UsageError
from clew.cli.options import DEFAULT_URL, Json, Token, Url
from clew.cli.output import note, print_json, print_table, progress
from clew.cli.shop import guide
from clew.cli.shop.control import DEFAULT_CONTROL, Control, likest, written_catalogue

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Break the demo shop on purpose, and find out why.")

ControlUrl = Annotated[str, typer.Option("--control", metavar="URL", help="Control address of the shop.")]
Share = Annotated[float, typer.Option(min=0.0, max=1.0, help="Share of the calls that the fault strikes.")]

_LOOK_EVERY_S = 2.0
_TICK_S = 0.2
_ARRIVES_S = 20.0
_COLUMNS = (("fault", False), ("kind", False), ("what a person sees first", False), ("", False))


@app.command(name="list")
def list_(control: ControlUrl = DEFAULT_CONTROL, as_json: Json = False) -> None:
    """Show the faults that can be switched on, and which are."""
    try:
        faults = Control(control).faults()
    except ShopUnreachableError:
        faults = written_catalogue()
        if not faults:
            raise
    if as_json:
        print_json(faults)
        return
    print_table(_COLUMNS, ((one["name"], one["kind"], one["symptom"], "on" if one.get("on") else "") for one in faults))


@app.command()
def incident(  # noqa: PLR0917 - options of the command line are named
    name: Annotated[str, typer.Argument(metavar="NAME", help="A fault; `clew demo list` shows all.")],
    lasts: Annotated[str, typer.Option("--for", metavar="DURATION", help="How long it lasts.")] = "90s",
    share: Share = 1.0,
    reveal: Annotated[bool, typer.Option("--reveal", help="Say the cause, too, and how it is found.")] = False,
    control: ControlUrl = DEFAULT_CONTROL,
    url: Url = DEFAULT_URL,
    token: Token = "",
    as_json: Json = False,
) -> None:
    """Switch a fault on for a while, tell what people notice, and say where to look."""
    shop, clew, seconds = Control(control), Client(url, token), seconds_of(lasts)
    fault = shop.fault(name)
    _needed(fault, shop.state())
    clew.get("/session")  # before anything breaks: is Clew there, and may we read
    if not as_json:
        note(f"{fault['symptom']}\n")
    with shop.switched_on(name, share=share, for_s=seconds + 30) as since_ns:
        _watch(clew, fault, since_ns, seconds)
    span = guide.Span(since_ns, time.time_ns())
    told = _told(clew, url, fault, span, reveal=reveal)
    if as_json:
        print_json(told)
    else:
        _show(told)


@app.command()
def record(  # noqa: PLR0917 - options of the command line are named
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder to write to; what is there is kept.")],
    fault: Annotated[list[str] | None, typer.Option("--fault", metavar="NAME", help="Which fault; repeatable.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All faults that this shop can show.")] = False,
    baseline: Annotated[str, typer.Option(metavar="DURATION", help="Before each fault.")] = "60s",
    lasts: Annotated[str, typer.Option("--for", metavar="DURATION", help="How long each fault lasts.")] = "60s",
    rest: Annotated[str, typer.Option(metavar="DURATION", help="After either, for what began in it to end.")] = "5s",
    share: Share = 1.0,
    control: ControlUrl = DEFAULT_CONTROL,
    url: Url = DEFAULT_URL,
    token: Token = "",
    as_json: Json = False,
) -> None:
    """Record what the shop sends before and during faults, with the truth beside it, for tests of analysis.

    Each fault becomes a folder with `baseline.otlp`, `fault.otlp` (`clew import --format otlp-proto-framed` reads them)
    and `truth.json`. One that is recorded already is left as it is, so that an interrupted recording can go on.
    """
    from clew.cli.shop.record import Plan, Recorder  # noqa: PLC0415 - for this command only

    shop = Control(control)
    names = _names(shop, fault or [], every=every)
    plan = Plan(seconds_of(baseline), seconds_of(lasts), seconds_of(rest), share)
    clew = Client(url, token)
    clew.get("/session")  # as in `incident`
    with progress() as bar:
        task = bar.add_task("record", total=None, said="")

        def tell(what: str, done: float, total: float) -> None:
            bar.update(task, description=what, completed=done, total=total)

        recorder = Recorder(shop, clew, out, plan, tell)
        recorder.prepare()
        truths = {}
        for one in names:
            if recorder.recorded(one):
                note(f"{one}: is there already")
                continue
            truths[one] = recorder.record(one)
            windows = " and ".join(f"{one['traces']} traces of the {one['id']}" for one in truths[one]["windows"])
            note(f"{one}: {windows}")
    if as_json:
        print_json(truths)


def seconds_of(text: str) -> float:
    """Return the seconds of a duration such as `90s` or `1m30s`.

    Raises:
        UsageError: it is none.
    """
    from clew.query.literals import parse_duration  # noqa: PLC0415 - the help needs none of it

    found = parse_duration(text)
    if found is None or found < 0:
        raise UsageError(f"{text} is no duration", hint="write it like 90s or 1m30s")
    return int(found) / 1e9


def _names(shop: Control, asked: list[str], *, every: bool) -> list[str]:
    """Return the faults to record; all of them can be, or none is begun."""
    if every == bool(asked):
        raise UsageError("name faults with --fault, or take --all", hint="clew demo list shows them")
    known = {str(one["name"]): one for one in shop.faults()}
    left_out = shop.state().get("left_out", {})
    if every:
        return [name for name, one in known.items() if not set(one.get("needs", ())) & set(left_out)]
    for name in asked:
        if name not in known:
            raise UnknownFaultError(name, likest(name, list(known)))
        _needed(known[name], {"left_out": left_out})
    return list(dict.fromkeys(asked))


def _needed(fault: dict[str, Any], state: dict[str, Any]) -> None:
    """Refuse a fault of a service that does not run here."""
    left_out = state.get("left_out", {})
    for service in fault.get("needs", ()):
        if service in left_out:
            raise UsageError(
                f"{fault['name']} is a fault of {service}, which this shop runs without: {left_out[service]}",
                hint="install what it needs, and start the shop again",
            )


def _watch(clew: Client, fault: dict[str, Any], since_ns: int, seconds: float) -> None:
    """Wait, and show how many traces have the symptom so far."""
    began, looked = time.monotonic(), 0.0
    with progress() as bar:
        task = bar.add_task(fault["name"], total=round(seconds), said="")
        while (passed := time.monotonic() - began) < seconds:
            if passed - looked >= _LOOK_EVERY_S and not bar.disable:
                looked = passed
                count, _ = guide.found(clew, fault["look"], guide.Span(since_ns, time.time_ns()))
                bar.update(task, said=f"{count} traces show it")
            bar.update(task, completed=round(passed))
            time.sleep(min(_TICK_S, seconds - passed))


def _first_found(clew: Client, query: str, span: guide.Span) -> tuple[int, list[str]]:
    """Return what the symptom's search finds, once it finds something: spans take a moment from the shop to here."""
    end = time.monotonic() + _ARRIVES_S
    while True:
        count, examples = guide.found(clew, query, span)
        if count or time.monotonic() > end:
            return count, examples
        time.sleep(_TICK_S)


def _told(clew: Client, url: str, fault: dict[str, Any], span: guide.Span, *, reveal: bool) -> dict[str, Any]:
    """Return all that the command says, as JSON has it."""
    count, examples = _first_found(clew, fault["look"], span)
    told: dict[str, Any] = {
        "name": fault["name"],
        "symptom": fault["symptom"],
        "start_ns": str(span.start_ns),
        "end_ns": str(span.end_ns),
        "query": fault["look"],
        "traces": count,
        "explore": guide.explore(url, fault["look"], span),
        "examples": [guide.trace(url, one) for one in examples],
    }
    if reveal:
        found = [{"see": see, "ask": ask, "page": page} for see, ask, page in guide.steps(url, fault, span)]
        told |= {key: fault[key] for key in ("title", "where", "cause", "fix")} | {"find": found}
    return told


def _show(told: dict[str, Any]) -> None:
    start, end = (datetime.fromtimestamp(int(told[key]) / 1e9, UTC) for key in ("start_ns", "end_ns"))
    print(f"{told['name']} was on from {start:%H:%M:%S} to {end:%H:%M:%S} UTC; {told['traces']} traces show it")
    print(f"\nWhere to look\n  {told['explore']}")
    for one in told["examples"]:
        print(f"  {one}")
    if "cause" not in told:
        print(f"\nThe truth: clew demo incident {told['name']} --reveal")
        return
    print(f"\nThe truth: {told['title']}\n  {told['cause']}")
    print("  " + ", ".join(f"{key} {one}" for key, one in told["where"].items()))
    print("\nHow to find it")
    for number, step in enumerate(told["find"], start=1):
        print(f"  {number}. {step['see']}\n     {step['ask']}")
        if step["page"]:
            print(f"     {step['page']}")
    print(f"\nThe fix\n  {told['fix']}")
