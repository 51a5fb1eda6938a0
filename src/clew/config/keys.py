"""The keys of the configuration as paths, their variables, and the nearest name to a wrong one."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator

from pydantic import BaseModel

from clew.config.section import Section

PREFIX = "CLEW_"
RESERVED = frozenset({"CLEW_CONFIG", "CLEW_URL", "CLEW_TOKEN", "CLEW_SKIP_UI"})
"""Variables that are no keys of the configuration: the command line and the build read them."""
_KUBERNETES = re.compile(
    r"CLEW(_[A-Z0-9_]+)?_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_\d+_(TCP|UDP)(_[A-Z]+)?)?)"
)


def leaves(model: type[BaseModel], prefix: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the path of every key that holds a value, in order of declaration."""
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Section):
            yield from leaves(kind, (*prefix, name))
        else:
            yield (*prefix, name)


def variable(path: Iterable[str]) -> str:
    """Return the name of the environment variable of a key: `CLEW_SECTION_KEY`."""
    return PREFIX + "_".join(path).upper()


def near(name: str, known: Iterable[str], *, cutoff: float = 0.6) -> list[str]:
    """Return up to three known names that resemble a wrong one, the best first."""
    return difflib.get_close_matches(name, list(known), n=3, cutoff=cutoff)


def is_foreign(name: str) -> bool:
    """Return whether a `CLEW_` variable belongs to the command line, the build or Kubernetes' service links."""
    return name in RESERVED or _KUBERNETES.fullmatch(name) is not None
