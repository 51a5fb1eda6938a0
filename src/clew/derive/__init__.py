"""From stored spans to settled traces: who called whom, where errors began, what a trace looks like.

Ids of traces that grew come in; rows of `traces`, `shapes`, `edges_1m` and `exceptions` go out, each exactly once. The
engine reads the spans, the work on them is done in numpy over many traces at once. A trace that grows after it was
settled is taken out of the sums as it was and added again as it is.
"""

from clew.derive.settler import Settler, SettlerStats

__all__ = ["Settler", "SettlerStats"]
