"""`clew-instrument COMMAND ...` runs a program traced; `clew-instrument doctor` says what is traced and what is not."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

from clew_sdk.instrument.doctor import doctor
from clew_sdk.instrument.libraries import Library, State, libraries
from clew_sdk.settings import SettingsError, from_environ

_MISUSE = 2
_NOT_FOUND = 127


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    usage = "clew-instrument [options] COMMAND ...\n       clew-instrument doctor [--json]"
    parser = argparse.ArgumentParser(prog="clew-instrument", usage=usage, description=__doc__.replace("`", ""))
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
    if told.service:
        os.environ["OTEL_SERVICE_NAME"] = told.service
    if told.endpoint:
        os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = told.endpoint
    try:
        settings = from_environ()
        if told.command[0] == "doctor":
            return doctor(settings, as_json=told.json or "--json" in told.command[1:])
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


def install(missing: Sequence[Library]) -> None:
    """Install instrumentations into this environment, in one go; one that cannot be had is named and left out."""
    if not missing:
        return
    said = ", ".join(one.instrumentation for one in missing)
    sys.stderr.write(f"clew-instrument: installing {said}\n")
    if not _pip([one.instrumentation for one in missing]):
        return
    for one in missing:
        if failed := _pip([one.instrumentation]):
            sys.stderr.write(f"clew-instrument: {one.instrumentation} for {one.name} failed: {failed}\n")


def _pip(packages: Sequence[str]) -> str:
    """Install packages; returns the last line of what went wrong."""
    tool = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if find_spec("pip") is None and (uv := shutil.which("uv")):
        tool = [uv, "pip", "install", "--quiet", "--python", sys.executable]
    done = subprocess.run([*tool, *packages], check=False, capture_output=True, text=True)  # noqa: S603
    return "" if done.returncode == 0 else (done.stderr.strip().splitlines() or ["no reason was given"])[-1]


def run(program: str, command: Sequence[str]) -> NoReturn:
    """Become the command, with OpenTelemetry's loader first on its path."""
    spec = find_spec("opentelemetry.instrumentation.auto_instrumentation")
    folder = str(Path(spec.origin).parent) if spec is not None and spec.origin else ""
    before = os.environ.get("PYTHONPATH", "")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [folder, before]))
    os.environ.setdefault("OTEL_PYTHON_DISTRO", "clew")
    os.environ.setdefault("OTEL_PYTHON_CONFIGURATOR", "clew")
    os.execv(program, list(command))  # noqa: S606 - that is its job
