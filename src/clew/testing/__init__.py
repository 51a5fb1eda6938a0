"""Public helpers for tests, benchmarks and `clew load`: traces made fast, a sender, a running Clew, a demo application.

Everything here uses Clew from outside, as a client does; nothing in the rooms of the product depends on it.
"""

from clew.testing.running import NotRunningError, RunningClew, coverage_flags, free_port

__all__ = ["NotRunningError", "RunningClew", "coverage_flags", "free_port"]
