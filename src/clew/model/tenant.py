"""The tenant, and the scope without which no query can be built."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_TENANT = "default"
"""The tenant of everything that comes without a token."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose data a query may see; every read takes one, so none can forget the tenant."""

    tenant: str

    def __post_init__(self) -> None:
        """Refuse a scope without a tenant: it would select nothing or, worse, everything."""
        if not self.tenant:
            raise ValueError("a scope needs a tenant")
