"""Named queries of a tenant, kept in the store."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from urllib.parse import quote, unquote

from clew.model import Scope, now_ns
from clew.query.errors import InvalidRequestError, SavedQueryNotFoundError
from clew.query.traceql import parse, print_query
from clew.store.engine import Engine
from clew.store.meta import Meta

MAX_NAME = 100
MAX_DESCRIPTION = 1000
MAX_SAVED = 1000
"""Most queries of a tenant."""


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """A query with a name."""

    name: str
    q: str
    """Its canonical text."""
    description: str
    updated_ns: int
    is_metrics: bool


class SavedQueries:
    """Reads and writes named queries; every method blocks."""

    def __init__(self, engine: Engine) -> None:
        self._meta = Meta(engine)

    def all(self, scope: Scope) -> list[SavedQuery]:
        """Return the queries of a tenant by name."""
        prefix = _prefix(scope)
        found = self._meta.get(prefix)
        named = [(unquote(key.removeprefix(prefix)), value) for key, value in found.items() if value]
        return sorted((_read(name, value) for name, value in named), key=lambda one: one.name)

    def get(self, scope: Scope, name: str) -> SavedQuery:
        """Return a query.

        Raises:
            SavedQueryNotFoundError: the tenant has none of this name.
        """
        key = _key(scope, name)
        value = self._meta.get(key).get(key)
        if not value:
            raise SavedQueryNotFoundError(name)
        return _read(name, value)

    def put(self, scope: Scope, name: str, text: str, description: str = "") -> SavedQuery:
        """Save a query under a name, in place of one that had it.

        Raises:
            InvalidQueryError: the text is no query.
            InvalidRequestError: the name cannot be one, or the tenant has too many queries.
        """
        if not name.strip() or len(name) > MAX_NAME or not name.isprintable():
            hint = f"use 1 to {MAX_NAME} printable characters"
            raise InvalidRequestError("name", name[:MAX_NAME], "is no name", hint=hint)
        query = parse(text)
        others = {one.name for one in self.all(scope)} - {name}
        if len(others) >= MAX_SAVED:
            raise InvalidRequestError("name", name, "too many queries are saved", hint="delete some that are not used")
        saved = SavedQuery(name, print_query(query), description[:MAX_DESCRIPTION], now_ns(), query.is_metrics)
        kept = {field: value for field, value in asdict(saved).items() if field != "name"}
        self._meta.put(_key(scope, name), json.dumps(kept))
        return saved

    def delete(self, scope: Scope, name: str) -> SavedQuery:
        """Forget a query and return what it was.

        Raises:
            SavedQueryNotFoundError: the tenant has none of this name.
        """
        saved = self.get(scope, name)
        self._meta.put(_key(scope, name), "")
        return saved


def _prefix(scope: Scope) -> str:
    return f"saved_query/{quote(scope.tenant, safe='')}/"


def _key(scope: Scope, name: str) -> str:
    return _prefix(scope) + quote(name, safe="")


def _read(name: str, value: str) -> SavedQuery:
    return SavedQuery(name, **json.loads(value))
