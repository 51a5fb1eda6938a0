"""What a crash run is looking for."""

from __future__ import annotations


class LossError(Exception):
    """Something that was acknowledged is missing, or is there twice."""
