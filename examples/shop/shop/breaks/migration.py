"""Missing index: the migration that drops an index, and the one that brings it back."""

from __future__ import annotations

import threading

from sqlalchemy import Engine

from shop import faults
from shop.database import sign_ins

_lock = threading.Lock()
_dropped = False


def follow(engine: Engine) -> None:
    """Drop the index of sign_ins while the fault is on; create it again afterwards."""
    global _dropped  # noqa: PLW0603 - the database has one
    gone = faults.switched("missing-index")
    if gone == _dropped:
        return
    with _lock:
        if gone == _dropped:
            return
        (index,) = sign_ins.indexes
        if gone:
            index.drop(engine, checkfirst=True)
        else:
            index.create(engine, checkfirst=True)
        _dropped = gone
