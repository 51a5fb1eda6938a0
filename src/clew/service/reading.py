"""From the configuration to the limits of reads, and what happens before each of them."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from clew.config import Config
from clew.journal import Journal
from clew.query.sql.settings import SqlSettings
from clew.store import Limits

_FOR_READING = 0.75
_NICE = 10
CATCH_UP_S = 2.0
"""Longest time that a question waits for what has waited for one; then it is answered from what is stored."""


async def caught_up(journal: Journal, most_s: float = CATCH_UP_S) -> None:
    """Take note of a question, and let it wait until rows are stored that only waited because nobody asked."""
    journal.read()
    if journal.owes():
        await asyncio.to_thread(journal.catch_up, most_s)


def read_limits(config: Config) -> Limits:
    """Return what one read may use."""
    query = config.query
    return Limits(
        timeout_s=query.timeout_s,
        max_memory_bytes=query.max_memory_bytes,
        max_rows_to_read=query.max_rows_to_read,
        max_threads=config.storage.max_threads,
    )


def per_tenant(config: Config) -> int:
    """Return how many reads of one tenant run at once: with several tenants one reader is left to the others."""
    query = config.query
    several = len({token.tenant for token in config.tokens}) > 1
    return query.max_per_tenant or (max(query.readers - 1, 1) if several else 0)


def _share_of_memory(config: Config) -> int:
    """Return what each of the readers may take at once so that inserts and merges always keep a quarter."""
    return int(config.storage.max_memory_bytes * _FOR_READING) // config.query.readers


def sql_settings(config: Config) -> SqlSettings:
    """Return what one query of a person may use."""
    sql, limits = config.query.sql, read_limits(config)
    return SqlSettings(
        limits=replace(
            limits,
            max_memory_bytes=min(limits.max_memory_bytes, _share_of_memory(config)),
            nice=_NICE,
            max_result_bytes=sql.max_result_bytes,
            max_bytes_to_read=sql.max_bytes_to_read,
            max_group_rows=sql.max_group_rows,
            max_temporary_bytes=sql.max_temporary_bytes,
        ),
        default_range_s=sql.default_range_s,
        max_rows=sql.max_rows,
    )
