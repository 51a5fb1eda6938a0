"""From the journal to the engine: sealed segments come in, rows of every table go out, each exactly once.

`processor` is the thread that does it, `plan` says what is inserted from a segment and in which order, `rollup` holds
the pure functions that make the summary tables from Arrow columns.
"""

from clew.pipeline.processor import Processor, ProcessorStats
from clew.pipeline.retry import Backoff

__all__ = ["Backoff", "Processor", "ProcessorStats"]
