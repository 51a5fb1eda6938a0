"""The names of services and operations, for lists to choose from."""

from __future__ import annotations

from clew.model import KIND_NAMES
from clew.query.answer import Window
from clew.query.params import Params
from clew.query.read import Read
from clew.query.services import MOST


def service_names(read: Read, window: Window) -> list[str]:
    """Return the services that have sent spans, in order; the window counts by minute."""
    params = Params()
    sql = f"""
        SELECT DISTINCT service FROM red_service_1m
        WHERE tenant = {{tenant:String}} AND {_minutes(window, params)} ORDER BY service LIMIT {MOST}
    """
    names: list[str] = read.query(sql, params.values).column("service").to_pylist()
    return names


def operation_names(read: Read, window: Window, service: str) -> list[tuple[str, str]]:
    """Return (name, kind) of the spans of a service, in order."""
    params = Params()
    sql = f"""
        SELECT DISTINCT name, kind FROM red_1m
        WHERE tenant = {{tenant:String}} AND {_minutes(window, params)} AND service = {params.text(service)}
        ORDER BY name, kind LIMIT {MOST}
    """
    rows = read.query(sql, params.values).to_pylist()
    return [(row["name"], KIND_NAMES.get(row["kind"], str(row["kind"]))) for row in rows]


def _minutes(window: Window, params: Params) -> str:
    low, high = (params.seconds(edge // 10**9) for edge in (window.from_ns, window.to_ns + 60 * 10**9))
    return f"minute > {low} AND minute <= {high}"
