"""People: who visits the shop, when, what they do there, and how their devices behave when something fails.

A seed, a rate and the shop's address come in; requests to its public door and statistics go out. Nothing here is
traced: what people see of the shop is all they know.
"""

from shop.load.crowd import Crowd
from shop.load.statistics import Statistics

__all__ = ["Crowd", "Statistics"]
