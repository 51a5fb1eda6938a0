"""The settings that Clew sends with each statement, the same for both engines."""

from __future__ import annotations

from clew.store.engine import Limits
from clew.store.items import INDEX_NAME
from clew.store.params import literal

Settings = dict[str, str | int | float]

QUERY_BASE: Settings = {
    "async_insert": 0,
    "output_format_arrow_low_cardinality_as_dictionary": 1,
    "output_format_arrow_string_as_string": 1,
    "output_format_arrow_fixed_string_as_fixed_byte_array": 1,
    "use_query_condition_cache": 0,
    "compile_expressions": 0,
    "compile_aggregate_expressions": 0,
    "compile_sort_description": 0,
}
"""Settings of every read.

The condition cache keeps what a failed query left in it, and later queries then lose rows without an error.
Compiling takes 20 to 50 ms at the fourth query of a shape, more than short queries ever gain by it.
"""

BLOCK_ROWS = 1_048_576


def insert_settings(token: str) -> Settings:
    """Return the settings of an insert: one block per partition, once per token, the attribute index left to merges.

    Not `materialize_skip_indexes_on_insert=0`, which would leave out the minmax indexes as well.
    """
    return {
        "async_insert": 0,
        "insert_deduplication_token": token,
        "optimize_on_insert": 0,
        "max_insert_threads": 1,
        "max_threads": 1,
        "max_insert_block_size": BLOCK_ROWS,
        "min_insert_block_size_rows": BLOCK_ROWS,
        "min_insert_block_size_bytes": 0,
        "max_partitions_per_insert_block": 0,
        "exclude_materialize_skip_indexes_on_insert": INDEX_NAME,
        "input_format_parallel_parsing": 0,
    }


def limit_settings(limits: Limits) -> Settings:
    """Return the settings that hold a query within its limits; passing one raises, never cuts silently."""
    return {
        "max_execution_time": limits.timeout_s,
        "timeout_overflow_mode": "throw",
        "max_memory_usage": limits.max_memory_bytes,
        "max_rows_to_read": limits.max_rows_to_read,
        "read_overflow_mode": "throw",
        "max_result_rows": limits.max_result_rows,
        "result_overflow_mode": "throw",
        "max_result_bytes": limits.max_result_bytes,
        "max_bytes_to_read": limits.max_bytes_to_read,
        "max_rows_to_group_by": limits.max_group_rows,
        "max_rows_in_distinct": limits.max_group_rows,
        "max_rows_in_set": limits.max_group_rows,
        "max_rows_in_join": limits.max_group_rows,
        "max_temporary_data_on_disk_size_for_query": limits.max_temporary_bytes,
        "limit": limits.take_rows,
        "max_threads": limits.max_threads,
        "query_plan_direct_read_from_text_index": int(limits.direct_index),
    }


def settings_clause(settings: Settings) -> str:
    """Return settings as the text behind SETTINGS."""

    def text(value: str | float) -> str:
        return literal(value) if isinstance(value, str) else repr(value)

    return ", ".join(f"{name} = {text(value)}" for name, value in settings.items())
