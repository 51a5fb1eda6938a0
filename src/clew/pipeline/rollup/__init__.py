"""Summary tables from batches of spans: pure functions, Arrow in and Arrow out, no Python loop over spans."""

from clew.pipeline.rollup.columns import COLUMNS, Columns
from clew.pipeline.rollup.red import red_tables
from clew.pipeline.rollup.slim import span_by_service
from clew.pipeline.rollup.traces import trace_index

__all__ = ["COLUMNS", "Columns", "red_tables", "span_by_service", "trace_index"]
