"""`clew-instrument COMMAND ...` runs a program traced; `clew-instrument doctor` says what is traced and what is not."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

from clew_sdk.instrument.libraries import Library, State, libraries
from clew_sdk.settings import SettingsError, from_environ

_MISUSE = 2
_NOT_FOUND = 127


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="clew-instrument", description=__doc__)
    parser.add_argument("--no-install", action="store_true", help="use the instrumentations that are there")
    parser.add_argument("--service", help="name of the service (OTEL_SERVICE_NAME)")
    parser.add_argument("--endpoint", help="OTLP/HTTP base address (OTEL_EXPORTER_OTLP_ENDPOINT)")
    parser.add_argument("--json", action="store_true", help="doctor: print JSON")
    parser.add_argument(
        "command", nargs=argparse.REMAINDER, metavar="COMMAND | doctor", help="for example: python app.py"
    )
    told = parser.parse_args(arguments)
    if not told.command:
        parser.print_help()
        return _MISUSE
    if told.command[0] == "doctor":
        return doctor(as_json=told.json or "--json" in told.command[1:])
    if told.service:
        os.environ["OTEL_SERVICE_NAME"] = told.service
    if told.endpoint:
        os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = told.endpoint
    try:
        from_environ()
    except SettingsError as error:
        sys.stderr.write(f"clew-instrument: {error}\n")
        return _MISUSE
    if not told.no_install:
        install([one for one in libraries() if one.state is State.MISSING])
    program = shutil.which(told.command[0])
    if program is None:
        sys.stderr.write(f"clew-instrument: {told.command[0]}: no such program\n")
        return _NOT_FOUND
    return run(program, told.command)


def doctor(*, as_json: bool = False) -> int:
    """Print every library that could be traced; returns 1 where something is missing."""
    found = libraries()
    missing = [one for one in found if one.state is State.MISSING]
    if as_json:
        rows = [{**one.__dict__, "state": one.state.value} for one in found]
        sys.stdout.write(json.dumps({"libraries": rows, "install": [one.instrumentation for one in missing]}) + "\n")
        return 1 if missing else 0
    signs = {State.TRACED: "ok", State.MISSING: "!!", State.COVERED: "--", State.DISABLED: "--", State.UNFIT: "!!"}
    for one in found:
        reason = one.why or one.state.value
        sys.stdout.write(f"  {signs[one.state]}  {one.name:<28} {one.version:<12} {reason}\n")
    if not found:
        sys.stdout.write("no library that can be traced is installed here\n")
    if missing:
        packages = " ".join(f"'{one.instrumentation}'" for one in missing)
        sys.stdout.write(f"\nnot traced yet: pip install {packages}\n")
    return 1 if missing else 0


def install(missing: Sequence[Library]) -> None:
    """Install instrumentations into this environment; one that cannot be had is named and left out."""
    for one in missing:
        tool = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        if find_spec("pip") is None and (uv := shutil.which("uv")):
            tool = [uv, "pip", "install", "--quiet", "--python", sys.executable]
        done = subprocess.run([*tool, one.instrumentation], check=False, capture_output=True, text=True)  # noqa: S603
        said = "" if done.returncode == 0 else f" failed: {done.stderr.strip().splitlines()[-1:]}"
        sys.stderr.write(f"clew-instrument: installing {one.instrumentation} for {one.name}{said}\n")


def run(program: str, command: Sequence[str]) -> NoReturn:
    """Become the command, with OpenTelemetry's loader first on its path."""
    spec = find_spec("opentelemetry.instrumentation.auto_instrumentation")
    folder = str(Path(spec.origin).parent) if spec is not None and spec.origin else ""
    before = os.environ.get("PYTHONPATH", "")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [folder, before]))
    os.environ.setdefault("OTEL_PYTHON_DISTRO", "clew")
    os.environ.setdefault("OTEL_PYTHON_CONFIGURATOR", "clew")
    os.execv(program, list(command))  # noqa: S606 - that is its job
