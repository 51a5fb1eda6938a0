"""The scenarios of `docs/guide`, played on a running shop and asked of a running Clew.

`play` makes the traffic and says in which windows of time what was true; `page` reads the questions that the tutorial
asks, so that it and its test cannot drift apart; `desk` asks them over the public API; `evidence` writes the file of a
postmortem.
"""

from clew.testing.scenario.desk import Desk
from clew.testing.scenario.page import Page

__all__ = ["Desk", "Page"]
