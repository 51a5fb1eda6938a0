"""Clew: a distributed tracing platform."""

__version__ = "0.1.0"
