"""Zipkin's read API, version 2: what Zipkin's UI and clients ask, answered from the stored OTLP spans.

A query in Zipkin's terms comes in, becomes filters and conditions on whole traces for `query`, and the traces leave as
Zipkin's JSON: flat lists of spans with string tags and lower-case names.
"""

from clew.api.zipkin.app import create_zipkin_app

__all__ = ["create_zipkin_app"]
