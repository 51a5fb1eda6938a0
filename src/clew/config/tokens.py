"""Bearer tokens, one tenant each."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, StringConstraints, model_validator

from clew.config.section import Section
from clew.model import DEFAULT_TENANT

TokenScope = Literal["ingest", "read"]
"""What a token allows: sending telemetry, or reading it."""

_SHA256 = re.compile(r"[0-9a-f]{64}")


class TokenConfig(Section):
    """A token; exactly one of `token`, `token_sha256` and `token_file` gives its value."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    """Name for logs and metrics; never the secret itself."""
    token: SecretStr | None = None
    """The token as it is sent after `Bearer `."""
    token_sha256: Annotated[str, StringConstraints(to_lower=True)] | None = None
    """SHA-256 of the token in hex, so that the file holds no secret."""
    token_file: Path | None = None
    """A file whose first line is the token."""
    tenant: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")] = DEFAULT_TENANT
    """Tenant that this token writes to and reads from."""
    scopes: Annotated[frozenset[TokenScope], Field(min_length=1)] = frozenset({"ingest", "read"})
    """What the token allows: `ingest`, `read` or both."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [key for key in ("token", "token_sha256", "token_file") if getattr(self, key) is not None]
        if len(given) != 1:
            raise ValueError(f"give exactly one of token, token_sha256 and token_file (given: {given or 'none'})")
        if self.token is not None and not self.token.get_secret_value():
            raise ValueError("token is empty: give a long random value")
        if self.token_sha256 is not None and not _SHA256.fullmatch(self.token_sha256):
            raise ValueError("token_sha256 takes 64 hex digits: printf %s TOKEN | sha256sum")
        return self
