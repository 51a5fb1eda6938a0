"""Work on a data directory that no Clew is running on."""

from __future__ import annotations

from pathlib import Path

from clew.config import Config
from clew.service.directory import open_directory
from clew.service.engine import bring_up_to_date, open_engine
from clew.store import BackupError
from clew.store.backup import restore


def migrate_store(config: Config) -> list[str]:
    """Bring the tables up to date, backfills included; returns the names of the steps that were run.

    Raises:
        DirectoryInUseError: a Clew is running on the directory.
    """
    directory = open_directory(config.data_dir)
    try:
        engine = open_engine(config.storage, config.data_dir)
        try:
            return list(bring_up_to_date(config, engine, wait=True).applied)
        finally:
            engine.close()
    finally:
        directory.close()


def restore_backup(config: Config, backup: Path) -> None:
    """Bring a backup into an empty store.

    Raises:
        DirectoryInUseError: a Clew is running on the directory.
        BackupError: it is no backup, or the store holds data.
    """
    if not backup.is_dir():
        raise BackupError(f"{backup} is no directory", hint="Give the path that `clew backup` has written.")
    beside = (*config.storage.backup_dirs, backup.parent)  # whoever restores may read from anywhere
    storage = config.storage.model_copy(update={"backup_dirs": beside})
    directory = open_directory(config.data_dir)
    try:
        engine = open_engine(storage, config.data_dir)
        try:
            restore(engine, backup)
        finally:
            engine.close()
    finally:
        directory.close()
