"""Kills Clew at random moments under load and checks every trace that was acknowledged: `python -m clew.testing.crash`.

After each kill the next process has to find all of them, exactly once, through the API; after the last one the tables
themselves are counted.
"""

from clew.testing.crash.loss import LossError
from clew.testing.crash.runner import CrashRun

__all__ = ["CrashRun", "LossError"]
