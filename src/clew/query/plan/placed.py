"""Unscoped attributes in conditions, looked for on the level that has them instead of on each in turn.

`.http.route` may be on a span, its resource, an event, a link or a scope, and the first that has it decides: much SQL,
and no index helps. Most keys are on one level only, and the catalogue knows on which.
"""

from __future__ import annotations

from dataclasses import replace

from clew.query.levels import known_levels
from clew.query.predicates import NAMELESS
from clew.query.read import Read
from clew.query.traceql.ast import Attribute, Field, Filter, Level, Pipeline, Static
from clew.query.traceql.walk import Node, changed, walk

LEVELS = {"span": Level.SPAN, "resource": Level.RESOURCE, "scope": Level.INSTRUMENTATION}
"""Conditions on events and links would have to hold on one of them together, which unscoped ones need not."""
SERVICE = "service.name"


class Places:
    """Where the unscoped attributes of a query are."""

    def __init__(self, read: Read, *roots: Node) -> None:
        nodes = [node for root in roots for node, _ in walk(root)]
        keys = {one.key for one in nodes if isinstance(one, Attribute) and one.level is Level.ANY}
        if any(isinstance(one, Static) and one.value in NAMELESS for one in nodes):
            keys.discard(SERVICE)  # services without a name are shown under one, and have no attribute
        with read.during("levels of unscoped attributes"):
            found = known_levels(read, sorted(keys))
        single = {key: next(iter(levels)) for key, levels in found.items() if len(levels) == 1}
        self._levels = {key: LEVELS[level] for key, level in single.items() if level in LEVELS}

    def pipeline(self, pipeline: Pipeline) -> Pipeline:
        """Return a pipeline that filters the same spans; groups and what is computed keep their names."""
        return changed(pipeline, lambda node: self.filter(node) if isinstance(node, Filter) else node)

    def filter(self, one: Filter) -> Filter:
        """Return a filter that passes the same spans."""
        return replace(one, where=changed(one.where, self._attribute)) if self._levels else one

    def field(self, one: Field) -> Field:
        """Return a field that has the same value."""
        return changed(one, self._attribute)

    def _attribute(self, node: Node) -> Node:
        if isinstance(node, Attribute) and node.level is Level.ANY and node.key in self._levels:
            return replace(node, level=self._levels[node.key])
        return node
