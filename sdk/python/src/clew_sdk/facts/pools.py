"""Pools of this process as metrics: threads of executors, connections of SQLAlchemy, tasks of asyncio.

Pools are known from the moment at which they are made; the libraries are not imported for this, but followed once the
application imports them. Pools of one name are counted together, so that names stay few.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any
from weakref import WeakSet

from opentelemetry.metrics import CallbackOptions, Meter, Observation
from wrapt import register_post_import_hook, wrap_function_wrapper

_NUMBER = re.compile(r"[-_]?\d+$")
_POOL, _STATE = "db.client.connection.pool.name", "db.client.connection.state"

_TRIES = 10

Read = Callable[[], Iterable[Observation]]


class Made:
    """The living objects of a class, known by its constructor."""

    def __init__(self, module: str, constructor: str) -> None:
        self._alive: WeakSet[Any] = WeakSet()
        register_post_import_hook(lambda found: wrap_function_wrapper(found, constructor, self._note), module)

    def __iter__(self) -> Iterator[Any]:
        for _ in range(_TRIES):
            with suppress(RuntimeError):  # another thread has made one meanwhile
                return iter(list(self._alive))
        return iter(())

    def _note(self, wrapped: Callable[..., Any], instance: Any, args: Any, kwargs: Any) -> Any:
        made = wrapped(*args, **kwargs)
        self._alive.add(instance)
        return made


class PoolMetrics:
    """Observes pools on a meter. Names are OpenTelemetry's where it has any (`db.client.connection.*`)."""

    def __init__(self, meter: Meter) -> None:
        self._executors = Made("concurrent.futures.thread", "ThreadPoolExecutor.__init__")
        self._engines = Made("sqlalchemy.engine.base", "Engine.__init__")
        self._loops = [Made("asyncio.base_events", "BaseEventLoop.__init__"), Made("uvloop", "Loop.__init__")]

        def observe(name: str, unit: str, description: str, read: Read) -> None:
            def callback(_: CallbackOptions) -> Iterable[Observation]:
                return list(read())

            meter.create_observable_up_down_counter(name, [callback], unit, description)

        observe("clew.executor.thread.count", "{thread}", "Threads of executors.", self._threads)
        observe("clew.executor.thread.max", "{thread}", "Threads that executors may have.", self._most_threads)
        observe("clew.executor.queue.size", "{call}", "Calls that wait for a thread.", self._waiting)
        observe("db.client.connection.count", "{connection}", "Connections by state.", self._connections)
        observe("db.client.connection.max", "{connection}", "Connections that a pool may have.", self._most_connections)
        observe("clew.asyncio.task.count", "{task}", "Tasks of running event loops.", self._tasks)

    def _threads(self) -> Iterable[Observation]:
        return self._of_executors(lambda one: len(one._threads))  # noqa: SLF001 - nothing else tells

    def _most_threads(self) -> Iterable[Observation]:
        return self._of_executors(lambda one: one._max_workers)  # noqa: SLF001

    def _waiting(self) -> Iterable[Observation]:
        return self._of_executors(lambda one: one._work_queue.qsize())  # noqa: SLF001

    def _of_executors(self, number: Callable[[Any], int]) -> Iterable[Observation]:
        """Sum a number of executors by name, of those that still take calls."""
        sums: Counter[str] = Counter()
        for one in self._executors:
            if not one._shutdown:  # noqa: SLF001
                sums[_NUMBER.sub("", one._thread_name_prefix) or "executor"] += number(one)  # noqa: SLF001
        return (Observation(value, {"clew.executor.name": name}) for name, value in sums.items())

    def _connections(self) -> Iterable[Observation]:
        sums: Counter[tuple[str, str]] = Counter()
        for name, pool in self._pools():
            sums[name, "used"] += pool.checkedout()
            sums[name, "idle"] += pool.checkedin()
        return (Observation(value, {_POOL: name, _STATE: state}) for (name, state), value in sums.items())

    def _most_connections(self) -> Iterable[Observation]:
        sums: Counter[str] = Counter()
        for name, pool in self._pools():
            over = getattr(pool, "_max_overflow", -1)
            if over >= 0:  # -1 is without a bound
                sums[name] += pool.size() + over
        return (Observation(value, {_POOL: name}) for name, value in sums.items())

    def _pools(self) -> Iterator[tuple[str, Any]]:
        """Yield the pools that count their connections, each under its name or its database."""
        for engine in self._engines:
            pool, url = engine.pool, engine.url
            if hasattr(pool, "checkedout") and hasattr(pool, "checkedin"):
                place = f"{url.host}:{url.port}" if url.port else url.host or url.drivername
                yield pool.logging_name or f"{place}/{url.database or ''}", pool

    def _tasks(self) -> Iterable[Observation]:
        from asyncio import all_tasks  # noqa: PLC0415 - where there is a loop it has been imported

        loops = [loop for made in self._loops for loop in made if loop.is_running()]
        if loops:
            yield Observation(sum(len(all_tasks(loop)) for loop in loops))
