"""Durable hand-over between receiving and processing: a batch appended here survives a kill and is consumed once.

Receivers append decoded groups and are called back when they are on disk; the processor takes sealed segments, inserts
them and commits. In between are Arrow IPC streams that the engine reads as they are. `protocol` is the contract,
`local` keeps it on disk.
"""

from clew.journal.errors import (
    GroupRefusedError,
    JournalDamagedError,
    JournalDiskFullError,
    JournalError,
    JournalFullError,
    JournalSchemaNewerError,
    JournalStoppedError,
)
from clew.journal.local import LocalJournal
from clew.journal.protocol import Durable, Group, Journal, JournalStats, Ledger, Segment
from clew.journal.settings import JournalSettings

__all__ = [
    "Durable",
    "Group",
    "GroupRefusedError",
    "Journal",
    "JournalDamagedError",
    "JournalDiskFullError",
    "JournalError",
    "JournalFullError",
    "JournalSchemaNewerError",
    "JournalSettings",
    "JournalStats",
    "JournalStoppedError",
    "Ledger",
    "LocalJournal",
    "Segment",
]
