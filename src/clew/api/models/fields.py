"""The attribute catalogue: which keys exist, and their values."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from clew.api.models.base import Model

Level = Literal["span", "resource", "event", "link", "scope"]


class FieldKey(Model):
    """One attribute key."""

    level: Level
    key: str
    types: list[str]
    more: bool = Field(description="it has values beyond those that are listed")


class FieldValue(Model):
    """One value, as text."""

    type: str
    value: str


class FieldValues(Model):
    """Values of a key."""

    values: list[FieldValue]
    more: bool = Field(description="there are more: at most 1,000 per key and day are catalogued")
