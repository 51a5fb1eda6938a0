"""A small protobuf writer that remembers where values stand, so that they can be replaced without encoding again."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field

_MORE = 0x80
_BYTES = 2
_FIXED64 = 1
_FIXED32 = 5


def varint(value: int) -> bytes:
    """Return `value` as a base-128 varint."""
    out = bytearray()
    while value >= _MORE:
        out.append(value & 0x7F | _MORE)
        value >>= 7
    out.append(value)
    return bytes(out)


@dataclass(slots=True)
class Message:
    """The bytes of one message, and for each slot name the offsets at which its values stand."""

    data: bytearray = field(default_factory=bytearray)
    slots: list[tuple[str, int, int]] = field(default_factory=list)
    """(slot name, offset, tag of the value for whoever patches it)."""

    def number(self, number: int, value: int) -> Message:
        """Append a varint field."""
        self.data += varint(number << 3) + varint(value)
        return self

    def fixed32(self, number: int, value: int) -> Message:
        """Append a fixed32 field."""
        self.data += varint(number << 3 | _FIXED32) + struct.pack("<I", value)
        return self

    def fixed64(self, number: int, value: int = 0, *, slot: str = "", tag: int = 0) -> Message:
        """Append a fixed64 field, to be patched when it names a slot."""
        self.data += varint(number << 3 | _FIXED64)
        if slot:
            self.slots.append((slot, len(self.data), tag))
        self.data += struct.pack("<Q", value)
        return self

    def double(self, number: int, value: float) -> Message:
        """Append a double field."""
        self.data += varint(number << 3 | _FIXED64) + struct.pack("<d", value)
        return self

    def text(self, number: int, value: str | bytes, *, slot: str = "", tag: int = 0) -> Message:
        """Append a string or bytes field, to be patched from its start when it names a slot."""
        raw = value.encode() if isinstance(value, str) else value
        self.data += varint(number << 3 | _BYTES) + varint(len(raw))
        if slot:
            self.slots.append((slot, len(self.data), tag))
        self.data += raw
        return self

    def message(self, number: int, inner: Message) -> Message:
        """Append a message field with its slots."""
        self.data += varint(number << 3 | _BYTES) + varint(len(inner.data))
        base = len(self.data)
        self.slots += [(name, base + offset, tag) for name, offset, tag in inner.slots]
        self.data += inner.data
        return self


@dataclass(frozen=True, slots=True)
class Patched:
    """A string attribute whose first bytes are replaced in each request."""

    slot: str
    text: str


Value = str | int | float | bool | Patched


def attributes(message: Message, number: int, items: Iterable[tuple[str, Value]], *, tag: int = 0) -> Message:
    """Append `KeyValue` fields."""
    for key, value in items:
        inner = Message()
        if isinstance(value, Patched):
            inner.text(1, value.text, slot=value.slot, tag=tag)
        elif isinstance(value, bool):
            inner.number(2, int(value))
        elif isinstance(value, str):
            inner.text(1, value)
        elif isinstance(value, int):
            inner.number(3, value)
        else:
            inner.double(4, value)
        message.message(number, Message().text(1, key).message(2, inner))
    return message
