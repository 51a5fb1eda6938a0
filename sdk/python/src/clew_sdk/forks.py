"""Forked processes: what has to begin anew in one, and what has to be done before it ends."""

from __future__ import annotations

import os
import sys
import weakref
from collections.abc import Callable
from functools import partial
from typing import Any

_FLUSH_FIRST = 100
"""Priority among the finalizers of multiprocessing: before its queues are closed."""


def in_children(method: Callable[[], None]) -> None:
    """Call a bound method in every child that is forked from now on, for as long as its object lives."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=partial(_call, weakref.WeakMethod(method)))


def before_children_end(method: Callable[[], None]) -> None:
    """Call a bound method before a forked child of multiprocessing or Celery ends in an orderly way.

    Such a child leaves by `os._exit`, past `atexit`. Modules that the program does not use are not imported for this:
    what is there is asked before each fork.
    """
    if not hasattr(os, "register_at_fork"):
        return
    known = weakref.WeakMethod(method)
    done: set[str] = set()

    def ask() -> None:
        for name, listen in (("multiprocessing.util", _multiprocessing), ("celery.signals", _celery)):
            module = sys.modules.get(name)
            if name not in done and module is not None and known() is not None:
                done.add(name)
                listen(module, known)

    os.register_at_fork(before=ask)


def _multiprocessing(util: Any, known: weakref.WeakMethod[Callable[[], None]]) -> None:
    """Its children forget all finalizers first, then call what is registered here, which adds one."""

    def in_child(_: object) -> None:
        util.Finalize(None, _call, args=(known,), exitpriority=_FLUSH_FIRST)

    method = known()
    if method is not None:
        util.register_after_fork(method.__self__, in_child)  # type: ignore[attr-defined] # it is a bound method


def _celery(signals: Any, known: weakref.WeakMethod[Callable[[], None]]) -> None:
    """Its pool ends children without finalizers, but tells the processes themselves."""

    def ending(**_: object) -> None:
        _call(known)

    signals.worker_process_shutdown.connect(ending, weak=False)


def _call(known: weakref.WeakMethod[Callable[[], None]]) -> None:
    method = known()
    if method is not None:
        method()
