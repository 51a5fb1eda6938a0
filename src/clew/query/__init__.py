"""Reads: searches, traces by id, services, fields and RED series, as bounded, cancellable questions to the engine.

A request comes in with a `Scope` (whose data) and leaves as plain columns or rows plus a `Meta` that says what was cut,
scanned and counted. It sits above `store`, whose engine it asks, and below `api`, which puts answers on the wire.
"""
