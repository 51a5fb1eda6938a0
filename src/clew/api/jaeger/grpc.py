"""What Jaeger's query port serves over gRPC: both versions of the query service."""

from __future__ import annotations

from typing import Any

from clew.api.deps import ApiDeps
from clew.api.jaeger import query_v2, query_v3
from clew.api.rpc import read_service

QUERY_NAMES: tuple[str, ...] = (query_v2.SERVICE.full_name, query_v3.SERVICE.full_name)


def query_services(deps: ApiDeps) -> list[Any]:
    """Return the handlers."""
    return [read_service(deps, one.SERVICE, one.METHODS) for one in (query_v2, query_v3)]
