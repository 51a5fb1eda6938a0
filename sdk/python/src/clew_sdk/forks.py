"""What has to begin anew in a forked process: threads, locks and connections are the parent's."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable


def in_children(method: Callable[[], None]) -> None:
    """Call a bound method in every child that is forked from now on, for as long as its object lives."""
    known = weakref.WeakMethod(method)

    def begin_anew() -> None:
        if (alive := known()) is not None:
            alive()

    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=begin_anew)
