"""The text of fields and aggregates: what names a value in an answer."""

from __future__ import annotations

from clew.query.traceql.text import print_expression

text = print_expression
"""An expression as it is written in a query, which is also its name in answers."""
