"""Who may send and who may read: bearer tokens, each with a tenant and scopes.

An `Authorization` value and a needed scope come in; a `Principal` with its tenant goes out, or an `AuthError`.
"""

from clew.access.authenticator import Authenticator, Principal
from clew.access.errors import AuthError, InvalidTokenError, MissingTokenError, ScopeDeniedError, TokenFileError

__all__ = [
    "AuthError",
    "Authenticator",
    "InvalidTokenError",
    "MissingTokenError",
    "Principal",
    "ScopeDeniedError",
    "TokenFileError",
]
