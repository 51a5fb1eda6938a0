"""From syntax trees of TraceQL to questions to the engine, and from their rows to spansets and series.

A checked `traceql.ast.Query` and a `Read` come in; `found` (spansets of traces) or `series` (points over time) go out.
A trace is evaluated as one, whatever parts it was stored in.
"""
