"""W3C Baggage within limits: what comes in is bounded, what goes out passes an allow-list.

https://www.w3.org/TR/baggage/ asks for 64 members and 8,192 bytes at least; more is cut, member by member.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote, unquote

from opentelemetry.baggage import get_all, set_baggage
from opentelemetry.context import Context
from opentelemetry.propagators.textmap import (
    CarrierT,
    Getter,
    Setter,
    TextMapPropagator,
    default_getter,
    default_setter,
)

from clew_sdk.context.carrier import values

MAX_MEMBERS = 64
MAX_BYTES = 8192
_KEY = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_SAFE = "!#$&'()*+-./:<=>?@[]^_`{|}~"
"""Octets that may stand in a value as they are."""


class GuardedBaggagePropagator(TextMapPropagator):
    """Reads and writes `baggage`.

    Args:
        allow: keys that are sent on; None is all of them. A key that ends with `*` allows what begins with it.
        max_members: most members, in and out.
        max_bytes: longest header in bytes, in and out.
    """

    def __init__(
        self, *, allow: Iterable[str] | None = None, max_members: int = MAX_MEMBERS, max_bytes: int = MAX_BYTES
    ) -> None:
        allowed = None if allow is None else tuple(allow)
        self._exact = None if allowed is None else frozenset(key for key in allowed if not key.endswith("*"))
        self._prefixes = tuple(key[:-1] for key in allowed or () if key.endswith("*"))
        self._max_members = max_members
        self._max_bytes = max_bytes

    def extract(
        self, carrier: CarrierT, context: Context | None = None, getter: Getter[CarrierT] = default_getter
    ) -> Context:
        """Return the context with the members of all headers; those beyond the limits and malformed ones are left."""
        found = Context() if context is None else context
        text = ",".join(values(carrier, "baggage", getter))
        used = members = 0
        for raw in text.split(","):
            used += len(raw.encode()) + 1
            if members >= self._max_members or used > self._max_bytes + 1:
                break
            key, equals, value = raw.partition(";")[0].partition("=")
            if equals and _KEY.fullmatch(key.strip()):
                found = set_baggage(key.strip(), unquote(value.strip()), found)
                members += 1
        return found

    def inject(
        self, carrier: CarrierT, context: Context | None = None, setter: Setter[CarrierT] = default_setter
    ) -> None:
        """Write the members that are allowed and fit, in their order."""
        out: list[str] = []
        used = 0
        for key, value in get_all(context).items():
            member = f"{key}={quote(str(value), safe=_SAFE)}"
            if not self.allowed(key) or not _KEY.fullmatch(key) or used + len(member) > self._max_bytes:
                continue
            if len(out) >= self._max_members:
                break
            out.append(member)
            used += len(member) + 1
        if out:
            setter.set(carrier, "baggage", ",".join(out))

    def allowed(self, key: str) -> bool:
        """Return whether a key may leave the process."""
        return self._exact is None or key in self._exact or key.startswith(self._prefixes or ("\0",))

    @property
    def fields(self) -> set[str]:
        """The header."""
        return {"baggage"}
