"""Which libraries an application has, which of them are traced, and how to trace the rest: `clew-instrument`."""

from clew_sdk.instrument.libraries import Library, State, libraries

__all__ = ["Library", "State", "libraries"]
