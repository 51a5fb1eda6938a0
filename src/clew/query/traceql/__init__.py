"""TraceQL: text into a checked syntax tree and back.

Text comes in, a `Query` of `ast` goes out, or an error with line, column, what was expected and a suggestion. Nothing
here knows of tables or SQL; `query.plan` turns trees into questions to the engine.
"""

from clew.query.traceql.parse import parse

__all__ = ["parse"]
