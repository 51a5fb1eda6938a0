"""`clew-instrument doctor`: what is traced, what is not, what to add, and whether spans have somewhere to go."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from dataclasses import dataclass

from clew_sdk.export import HttpSender
from clew_sdk.export.sender import Answer
from clew_sdk.instrument.libraries import STANDARD, Library, State, disabled_names, installed_versions, libraries
from clew_sdk.settings import Settings

_SIGNS = {State.TRACED: "ok", State.MISSING: "!!", State.UNFIT: "!!"}
_WAIT_S = 3.0


@dataclass(frozen=True)
class Check:
    """Something beside the libraries that has to be right."""

    name: str
    ok: bool
    said: str
    advice: str = ""


def doctor(settings: Settings, *, as_json: bool = False) -> int:
    """Print what was found; returns 1 where a library's instrumentation is missing or a check has failed."""
    found, checks = libraries(), [_service(), _collector(settings)]
    missing = [one.instrumentation for one in found if one.state is State.MISSING]
    if as_json:
        told = {
            "libraries": [{**one.__dict__, "state": one.state.value} for one in found],
            "install": missing,
            "checks": [one.__dict__ for one in checks],
        }
        sys.stdout.write(json.dumps(told) + "\n")
    else:
        sys.stdout.write(_text(found, missing, checks))
    return 1 if missing or not all(one.ok for one in checks) else 0


def _text(found: list[Library], missing: list[str], checks: list[Check]) -> str:
    lines = []
    for check in checks:
        lines.append(f"  {'ok' if check.ok else '!!'}  {check.name:<12} {check.said}")
        if check.advice:
            lines.append(f"      {'':<12} {check.advice}")
    lines.append("")
    twice = {name for name, count in Counter(one.name for one in found).items() if count > 1}
    for one in found:
        name = f"{one.name} ({one.short.removeprefix(one.name).strip('_')})" if one.name in twice else one.name
        lines.append(f"  {_SIGNS.get(one.state, '--')}  {name:<28} {one.version:<12} {one.why or one.state.value}")
    if not found:
        lines.append("  no library that can be traced is installed here")
    if missing:
        packages = " ".join(f"'{one}'" for one in missing)
        lines += ["", "not traced yet; clew-instrument COMMAND installs it, or do it now:", f"  pip install {packages}"]
    if standard := _standard():
        lines += ["", "if the application uses these modules of Python itself:", f"  pip install {' '.join(standard)}"]
    return "\n".join(lines) + "\n"


def _standard() -> list[str]:
    """Return the instrumentations of the standard library that are not installed."""
    have = installed_versions()
    version = have.get("opentelemetry-instrumentation", "")
    names = [f"opentelemetry-instrumentation-{name}" for name in STANDARD if name not in disabled_names()]
    return [f"{name}=={version}" for name in names if name not in have]


def _service() -> Check:
    name = os.environ.get("OTEL_SERVICE_NAME", "")
    if name or "service.name=" in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", ""):
        return Check("service", ok=True, said=name or "named by OTEL_RESOURCE_ATTRIBUTES")
    return Check(
        "service", ok=False, said="has no name", advice="export OTEL_SERVICE_NAME=..., or clew_sdk.start('...')"
    )


def _collector(settings: Settings) -> Check:
    """Send a request without spans, which every endpoint of OTLP takes."""
    sender = HttpSender(
        settings.traces_url, headers=settings.headers, timeout_s=_WAIT_S, certificate=settings.certificate
    )
    told = sender.send(b"")
    sender.close()
    if told.answer is Answer.TAKEN:
        return Check("collector", ok=True, said=f"{settings.traces_url} takes spans")
    said = f"{settings.traces_url} does not take spans: {told.why}"
    return Check("collector", ok=False, said=said, advice="start it, or export OTEL_EXPORTER_OTLP_ENDPOINT=...")
