"""Jaeger's remote sampling API: what SDKs ask before they begin a trace.

The strategies come from the configuration and follow it while Clew runs. They are no data of anybody: no token is asked
for, since the SDKs' samplers cannot send one.
"""

from clew.api.sampling.app import create_sampling_app
from clew.api.sampling.rpc import SERVICE, handlers
from clew.api.sampling.strategies import Strategies

__all__ = ["SERVICE", "Strategies", "create_sampling_app", "handlers"]
