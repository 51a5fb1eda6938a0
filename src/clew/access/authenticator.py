"""Bearer tokens to principals, compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from clew.access.errors import InvalidTokenError, MissingTokenError, ScopeDeniedError, TokenFileError
from clew.config.tokens import TokenConfig, TokenScope
from clew.model import DEFAULT_TENANT, Scope

_MAX_TOKEN = 4096


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a request comes from."""

    tenant: str
    scopes: frozenset[TokenScope]
    name: str
    """Name of the token, `anonymous` where none is configured."""

    @property
    def scope(self) -> Scope:
        """The tenant as the scope that queries take."""
        return Scope(self.tenant)


ANONYMOUS = Principal(DEFAULT_TENANT, frozenset({"ingest", "read"}), "anonymous")
"""Everybody, while no token is configured."""


class Authenticator:
    """Knows the digests of the configured tokens. Without any, everybody is `ANONYMOUS`."""

    def __init__(self, tokens: Iterable[TokenConfig] = ()) -> None:
        self._known = [(_digest(token), _principal(token)) for token in tokens]

    @property
    def required(self) -> bool:
        """Whether requests need a token."""
        return bool(self._known)

    def authenticate(self, authorization: str | None, scope: TokenScope) -> Principal:
        """Return who sent an `Authorization` value, given that `scope` is allowed.

        Raises:
            MissingTokenError: none was sent, and tokens are configured.
            InvalidTokenError: no bearer token, or an unknown one.
            ScopeDeniedError: the token does not have `scope`.
        """
        if not self._known:
            return ANONYMOUS
        if not authorization or not authorization.strip():
            raise MissingTokenError
        kind, _, token = authorization.strip().partition(" ")
        if kind.lower() != "bearer" or not token.strip():
            raise InvalidTokenError("the Authorization value is no bearer token")
        return self.authenticate_token(token.strip(), scope)

    def authenticate_token(self, token: str, scope: TokenScope) -> Principal:
        """Return who holds `token` (from a cookie or a form), given that `scope` is allowed.

        Raises:
            InvalidTokenError: an unknown token.
            ScopeDeniedError: the token does not have `scope`.
        """
        if not self._known:
            return ANONYMOUS
        if len(token) > _MAX_TOKEN:
            raise InvalidTokenError
        given = hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
        found: Principal | None = None
        for digest, principal in self._known:  # all of them, so that the time says nothing about which matched
            if hmac.compare_digest(digest, given):
                found = principal
        if found is None:
            raise InvalidTokenError
        if scope not in found.scopes:
            raise ScopeDeniedError(found.name, scope)
        return found


def _principal(token: TokenConfig) -> Principal:
    return Principal(token.tenant, token.scopes, token.name)


def _digest(token: TokenConfig) -> bytes:
    if token.token_sha256 is not None:
        return bytes.fromhex(token.token_sha256)
    if token.token is not None:
        return hashlib.sha256(token.token.get_secret_value().encode()).digest()
    return hashlib.sha256(_read(token.name, token.token_file or Path()).encode()).digest()


def _read(name: str, path: Path) -> str:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise TokenFileError(name, str(path), str(error.strerror)) from None
    except UnicodeDecodeError:
        raise TokenFileError(name, str(path), "is no text") from None
    if not lines or not lines[0].strip():
        raise TokenFileError(name, str(path), "has no token on its first line")
    return lines[0].strip()
