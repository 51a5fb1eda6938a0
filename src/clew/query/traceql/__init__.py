"""TraceQL: text into a checked syntax tree and back.

Text comes in, a `Query` of `ast` goes out, or an error with line, column, what was expected and a suggestion. Nothing
here knows of tables or SQL; `query.plan` turns trees into questions to the engine.
"""

from clew.query.traceql.lower import lower
from clew.query.traceql.parse import parse
from clew.query.traceql.text import print_query
from clew.query.traceql.walk import walk

__all__ = ["lower", "parse", "print_query", "walk"]
