"""What the embedded engine may use of the machine, and the configuration file that tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape


@dataclass(frozen=True, slots=True)
class EmbeddedConfig:
    """Resources of the embedded engine."""

    max_memory_bytes: int = 4 << 30
    """Memory of everything in the engine: queries, inserts, merges, caches."""
    mark_cache_bytes: int = 32 << 20
    """Cache of marks, the places of granules in column files."""
    primary_index_cache_bytes: int = 32 << 20
    """Cache of primary keys."""
    text_index_cache_bytes: int = 16 << 20
    """Each of the caches of the attribute index."""
    merge_threads: int = 1
    """Merges at once."""
    max_merge_bytes: int = 8 << 30
    """Parts are merged up to this size."""
    keep_free_bytes: int = 0
    """Space of the volume that the engine leaves free: with less, inserts raise `DiskFullError`."""
    backup_dirs: tuple[Path, ...] = field(default=())
    """Directories that backups may be written to and read from; `backups` inside the directory when empty."""


_SCHEDULING: Mapping[str, float] = {
    "memory_worker_period_ms": 500,
    "background_processing_pool_thread_sleep_seconds_if_nothing_to_do": 2,
    "background_processing_pool_task_sleep_seconds_when_no_work_multiplier": 1.5,
    "background_processing_pool_task_sleep_seconds_when_no_work_max": 60,
}
"""How often idle threads look for work. An insert, a mutation and a drop wake them at once, so nothing waits for this;
with the engine's own values they take half a percent of a core for nothing."""


def config_xml(config: EmbeddedConfig, directory: Path) -> str:
    """Return the text of the engine's configuration file."""
    server: Mapping[str, float] = {
        **_SCHEDULING,
        "max_server_memory_usage": config.max_memory_bytes,
        "mark_cache_size": config.mark_cache_bytes,
        "primary_index_cache_size": config.primary_index_cache_bytes,
        "index_mark_cache_size": config.mark_cache_bytes,
        "index_uncompressed_cache_size": 0,
        "uncompressed_cache_size": 0,
        "mmap_cache_size": 0,
        "compiled_expression_cache_size": 0,
        "query_condition_cache_size": config.mark_cache_bytes,
        "text_index_tokens_cache_size": config.text_index_cache_bytes,
        "text_index_header_cache_size": config.text_index_cache_bytes,
        "text_index_postings_cache_size": config.text_index_cache_bytes,
        "background_pool_size": config.merge_threads,
        "background_merges_mutations_concurrency_ratio": 2,
        "background_move_pool_size": 1,
        "background_fetches_pool_size": 1,
        "background_common_pool_size": 2,
        "background_buffer_flush_schedule_pool_size": 1,
        "background_schedule_pool_size": 2,
        "background_message_broker_schedule_pool_size": 1,
        "background_distributed_schedule_pool_size": 1,
        "tables_loader_foreground_pool_size": 2,
        "tables_loader_background_pool_size": 2,
        "asynchronous_metrics_update_period_s": 3600,
        "asynchronous_heavy_metrics_update_period_s": 86400,
        "async_insert_threads": 0,
        "max_thread_pool_free_size": 4,
    }
    # A merge column by column needs buffers for one column at a time, not for a hundred streams of ten parts.
    merge_tree: Mapping[str, int] = {
        "merge_max_block_size": 8192,
        "min_parts_to_merge_at_once": 8,
        "vertical_merge_algorithm_min_rows_to_activate": 16_384,
        "merge_selector_base": 10,
        "max_bytes_to_merge_at_max_space_in_pool": config.max_merge_bytes,
        "number_of_free_entries_in_pool_to_lower_max_size_of_merge": 1,
        "number_of_free_entries_in_pool_to_execute_mutation": 1,
        "number_of_free_entries_in_pool_to_execute_optimize_entire_partition": 1,
    }
    lines = [f"  <{name}>{value}</{name}>" for name, value in server.items()]
    lines.append(
        "  <storage_configuration><disks><default>"
        f"<keep_free_space_bytes>{config.keep_free_bytes}</keep_free_space_bytes>"
        "</default></disks></storage_configuration>"
    )
    lines.append("  <merge_tree>")
    lines += [f"    <{name}>{value}</{name}>" for name, value in merge_tree.items()]
    lines.append("  </merge_tree>")
    lines.append("  <backups>")
    lines += [
        f"    <allowed_path>{escape(str(path))}</allowed_path>"
        for path in (config.backup_dirs or (directory / "backups",))
    ]
    lines.append("    <remove_backup_files_after_failure>true</remove_backup_files_after_failure>")
    lines.append("  </backups>")
    return "<clickhouse>\n" + "\n".join(lines) + "\n</clickhouse>\n"
