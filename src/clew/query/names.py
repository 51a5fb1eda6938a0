"""The names of services and operations, for lists to choose from."""

from __future__ import annotations

from collections.abc import Sequence

from clew.model import KIND_NAMES
from clew.query.answer import Window
from clew.query.params import Params
from clew.query.read import Read
from clew.query.scan import floor_bucket
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


def tag_values(read: Read, window: Window, services: Sequence[str], keys: Sequence[str]) -> list[str]:
    """Return the text values of span attributes of some services, of each span the first key that it has."""
    params = Params()
    low, high = (params.seconds(floor_bucket(edge)) for edge in (window.from_ns, window.to_ns))
    value = "''"
    for key in reversed(keys):
        name = params.text(key)
        value = f"if(mapContains(attr_str, {name}), attr_str[{name}], {value})"
    sql = f"""
        SELECT DISTINCT {value} AS found FROM spans
        WHERE tenant = {{tenant:String}} AND bucket >= {low} AND bucket <= {high}
            AND has({params.texts(list(services))}, service)
        ORDER BY found LIMIT {MOST}
    """
    values: list[str] = read.query(sql, params.values).column("found").to_pylist()
    return values


def _minutes(window: Window, params: Params) -> str:
    low, high = (params.seconds(edge // 10**9) for edge in (window.from_ns, window.to_ns + 60 * 10**9))
    return f"minute > {low} AND minute <= {high}"
