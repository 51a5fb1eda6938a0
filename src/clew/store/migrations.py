"""The steps from one schema version to the next; steps are only appended, never changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from clew.store.create import create_all, create_table
from clew.store.derived import DERIVED
from clew.store.settings import settings_clause
from clew.store.tables import BY_NAME, TABLES, TEXTS


class MigrationKind(StrEnum):
    """How long a step may take, and so whether a start waits for it."""

    LIGHT = "light"
    """Metadata only: done before the start goes on."""
    BACKFILL = "backfill"
    """Reads and writes data: done in the background, after the start."""
    MUTATION = "mutation"
    """Rewrites parts: handed to the engine, which works it off; the start never waits."""


@dataclass(frozen=True, slots=True)
class MigrationOptions:
    """What a step needs to know of the configuration."""

    attribute_index: bool = True


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered step; every statement can be repeated without harm."""

    version: int
    name: str
    kind: MigrationKind
    statements: Callable[[MigrationOptions], Sequence[str]]


def _tables(options: MigrationOptions) -> Sequence[str]:
    return create_all(attribute_index=options.attribute_index)


def _derived(_: MigrationOptions) -> Sequence[str]:
    return [create_table(table) for table in DERIVED]


def _archive(_: MigrationOptions) -> Sequence[str]:
    return [create_table(BY_NAME["kept_traces"])]


def _texts(_: MigrationOptions) -> Sequence[str]:
    return [f"ALTER TABLE {table.name} MODIFY SETTING {settings_clause(TEXTS)}" for table in TABLES]


MIGRATIONS: tuple[Migration, ...] = (
    Migration(1, "tables", MigrationKind.LIGHT, _tables),
    Migration(2, "derived tables", MigrationKind.LIGHT, _derived),
    Migration(3, "archived traces", MigrationKind.LIGHT, _archive),
    Migration(4, "texts with their lengths", MigrationKind.LIGHT, _texts),
)
"""All steps in order; the last version is the one this Clew knows."""
