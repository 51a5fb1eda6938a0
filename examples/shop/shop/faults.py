"""Whether a fault is on: services ask at the place that breaks."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

from shop.state import Watched

_RUN = Path(os.environ.get("SHOP_RUN", "."))
_switched = Watched(_RUN / "faults.json")
_settings = Watched(_RUN / "settings.json")


def on(name: str) -> bool:
    """Return whether this call is one that the fault strikes: drawn anew each time, by the fault's share."""
    told = _switched.read().get(name)
    return told is not None and random.random() < float(told["share"])  # noqa: S311 - not for secrets


def switched(name: str) -> bool:
    """Return whether the fault is on at all."""
    return name in _switched.read()


def setting(group: str, name: str, default: Any) -> Any:
    """Return a setting of the running shop, such as `setting("cache", "without_share", 0.0)`."""
    return _settings.read().get(group, {}).get(name, default)
