"""Bring the schema of a database to the version that this Clew knows."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from clew.model import now_ns
from clew.store.engine import Engine
from clew.store.errors import MigrationError, QueryError, SchemaNewerError, StoreError
from clew.store.leader import Leader
from clew.store.meta import SCHEMA_VERSION_KEY, Meta
from clew.store.migrations import MIGRATIONS, Migration, MigrationKind, MigrationOptions

_STEP_TIMEOUT_S = 600.0
_PAUSE_S = 0.1
_STATE_PREFIX = "migration/"


@dataclass(frozen=True, slots=True)
class MigrationReport:
    """What a run of `migrate` found and did."""

    found: int
    version: int
    applied: tuple[str, ...]
    """Steps that were run now."""
    pending: tuple[str, ...]
    """Backfills and mutations that still have to be finished; nothing waits for them."""


def migrate(
    engine: Engine,
    *,
    options: MigrationOptions | None = None,
    migrations: Sequence[Migration] = MIGRATIONS,
    wait: bool = False,
    now: Callable[[], int] = now_ns,
) -> MigrationReport:
    """Run what is missing: light steps at once, mutations handed to the engine, backfills left to `wait`.

    Args:
        engine: whose database.
        options: configuration that the steps depend on.
        migrations: all known steps.
        wait: also run backfills now and wait for mutations, as `clew migrate` does.
        now: clock.

    Raises:
        SchemaNewerError: the data is of a version beyond the last known step.
        MigrationError: a step failed; those before it are kept.
    """
    options = options or MigrationOptions()
    engine.prepare()
    meta = Meta(engine, now)
    found = _check(meta, migrations)
    applied: list[str] = []
    if found < migrations[-1].version or wait:
        with Leader(engine, now):
            found = _check(meta, migrations)
            for step in migrations:
                if step.version > found:
                    applied += _apply(engine, meta, step, options)
            if wait:
                applied += _finish(engine, meta, migrations, options)
    return MigrationReport(found, migrations[-1].version, tuple(applied), _pending(engine, meta))


def _check(meta: Meta, migrations: Sequence[Migration]) -> int:
    found, known = meta.version(), migrations[-1].version
    if found > known:
        raise SchemaNewerError(found, known)
    return found


def _apply(engine: Engine, meta: Meta, step: Migration, options: MigrationOptions) -> list[str]:
    """Run or hand over one step, then record it; a crash in between repeats it, which does no harm."""
    applied: list[str] = []
    if step.kind is MigrationKind.BACKFILL:
        meta.put(f"{_STATE_PREFIX}{step.version}", f"pending {step.name}")
    else:
        _run(engine, step, options)
        applied.append(step.name)
    meta.put(SCHEMA_VERSION_KEY, str(step.version))
    return applied


def _run(engine: Engine, step: Migration, options: MigrationOptions) -> None:
    try:
        for statement in step.statements(options):
            if step.kind is MigrationKind.MUTATION:
                statement = f"{statement} SETTINGS mutations_sync = 0, alter_sync = 0"  # noqa: PLW2901
            engine.execute(statement, timeout_s=_STEP_TIMEOUT_S)
    except QueryError as error:
        raise MigrationError(step.version, step.name, error.detail) from error


def _finish(engine: Engine, meta: Meta, migrations: Sequence[Migration], options: MigrationOptions) -> list[str]:
    """Run the backfills that are pending and wait until the engine has worked off its mutations."""
    states = meta.get(_STATE_PREFIX)
    done: list[str] = []
    for step in migrations:
        key = f"{_STATE_PREFIX}{step.version}"
        if states.get(key, "").startswith("pending"):
            _run(engine, step, options)
            meta.put(key, f"done {step.name}")
            done.append(step.name)
    deadline = time.monotonic() + _STEP_TIMEOUT_S
    while _mutating(engine) and time.monotonic() < deadline:
        time.sleep(_PAUSE_S)
    return done


def _mutating(engine: Engine) -> list[str]:
    found = engine.query(
        "SELECT DISTINCT table FROM system.mutations WHERE database = currentDatabase() AND NOT is_done ORDER BY table"
    )
    return [str(name) for name in found.table["table"].to_pylist()]


def _pending(engine: Engine, meta: Meta) -> tuple[str, ...]:
    try:
        states = meta.get(_STATE_PREFIX)
        backfills = [value.split(" ", 1)[1] for value in states.values() if value.startswith("pending ")]
        return (*backfills, *(f"mutation of {table}" for table in _mutating(engine)))
    except StoreError:
        return ()
