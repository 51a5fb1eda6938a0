"""The libraries that are installed, beside OpenTelemetry's own list of what traces which."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from importlib.metadata import Distribution, distributions

from packaging.requirements import InvalidRequirement, Requirement

_DRIVERS = ("asyncpg", "mysql", "mysqlclient", "psycopg", "psycopg2", "pymysql", "sqlite3")
_COVERED_BY = {
    **dict.fromkeys(_DRIVERS, ("sqlalchemy",)),
    "starlette": ("fastapi",),
    "asgi": ("fastapi", "starlette", "django"),
    "wsgi": ("flask", "django", "pyramid", "falcon"),
}
"""Instrumentations that give nothing where one of these is there: they would make a second span for one request."""
_ON_DEMAND = {
    "click": "one span for a whole command, also for one that serves",
    "structlog": "clew_sdk.structlog_processor does it",
}
"""Instrumentations that are not installed by themselves, and why."""
STANDARD = ("sqlite3", "urllib")
"""Instrumentations of the standard library: that it is there is no sign of use."""
_NEVER_ALONE = {("pydantic", "tortoiseorm")}
"""Libraries that the list names although they are no sign of use."""


class State(Enum):
    """How far a library is traced."""

    TRACED = "traced"
    MISSING = "missing"
    """Its instrumentation is not installed."""
    ON_DEMAND = "on demand"
    """Its instrumentation is for those who ask for it."""
    COVERED = "covered"
    """Another instrumentation makes its spans already."""
    DISABLED = "disabled"
    """Switched off by OTEL_PYTHON_DISABLED_INSTRUMENTATIONS."""
    UNFIT = "unfit"
    """The installed version of the library is not one that the instrumentation knows."""


@dataclass(frozen=True)
class Library:
    """A library that is installed and could be traced."""

    name: str
    version: str
    instrumentation: str
    """The package that traces it, as pip takes it."""
    short: str
    """The name under which it can be disabled."""
    state: State
    why: str = ""


def libraries(
    installed: Mapping[str, str] | None = None,
    known: Iterable[Mapping[str, str]] | None = None,
    environ: Mapping[str, str] | None = None,
) -> list[Library]:
    """Return what could be traced, in the order of names.

    Args:
        installed: versions by normalised distribution name; this environment's by default.
        known: OpenTelemetry's list, `library` and `instrumentation` as requirements.
        environ: where OTEL_PYTHON_DISABLED_INSTRUMENTATIONS is read.
    """
    have = installed_versions() if installed is None else dict(installed)
    if known is None:
        from opentelemetry.instrumentation.bootstrap_gen import libraries as known  # noqa: PLC0415 - a large list
    disabled = disabled_names(environ)
    found = [one for entry in known or () if (one := _library(entry, have, disabled)) is not None]
    traced = {one.short for one in found if one.state in {State.TRACED, State.MISSING}}
    return sorted((_covered(one, traced) for one in found), key=lambda one: (one.name.lower(), one.short))


def disabled_names(environ: Mapping[str, str] | None = None) -> set[str]:
    """Return the names of OTEL_PYTHON_DISABLED_INSTRUMENTATIONS, as `plain_name` gives them."""
    off = (os.environ if environ is None else environ).get("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", "")
    return {plain_name(word) for word in off.split(",") if word.strip()}


def plain_name(name: str) -> str:
    """Return an instrumentation's name in its one spelling; entry points have two."""
    return name.strip().lower().replace("-", "_")


def _library(entry: Mapping[str, str], have: Mapping[str, str], disabled: set[str]) -> Library | None:
    try:
        library, package = Requirement(entry["library"]), Requirement(entry["instrumentation"])
    except InvalidRequirement:
        return None
    version = have.get(normal(library.name))
    short = plain_name(package.name.removeprefix("opentelemetry-instrumentation-"))
    if version is None or (library.name, short) in _NEVER_ALONE:
        return None
    state, why = State.TRACED, ""
    if not library.specifier.contains(version, prereleases=True):
        state, why = State.UNFIT, f"its instrumentation knows {library.specifier}"
    elif short in disabled or "*" in disabled:
        state = State.DISABLED
    elif normal(package.name) not in have and short in _ON_DEMAND:
        state, why = State.ON_DEMAND, _ON_DEMAND[short]
    elif normal(package.name) not in have:
        state = State.MISSING
    return Library(library.name, version, str(package), short, state, why)


def _covered(one: Library, traced: set[str]) -> Library:
    by = next((other for other in _COVERED_BY.get(one.short, ()) if other in traced), None)
    if by is None or one.state is State.UNFIT:
        return one
    return Library(one.name, one.version, one.instrumentation, one.short, State.COVERED, f"{by} makes its spans")


def installed_versions() -> dict[str, str]:
    """Return the versions of what is installed, by normalised name."""
    return {normal(one.metadata["Name"]): one.version for one in distributions() if _named(one)}


def _named(one: Distribution) -> bool:
    return bool(one.metadata and one.metadata["Name"])


def normal(name: str) -> str:
    """Return a distribution's name as the index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()
