"""The routes: queries, series, labels, metadata, build information."""

from __future__ import annotations

import functools
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import parse_qsl

import numpy as np
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from clew.api.answers import Asking
from clew.api.deps import ApiDeps
from clew.api.lines import http_status
from clew.api.problems import CLIENT_CLOSED, ClientGone
from clew.api.prometheus.answers import failure, instant, ranged, success
from clew.api.prometheus.params import Given, times_of, window_of
from clew.api.tenancy import scope_of
from clew.model.errors import ClewError
from clew.query.promql import catalogue
from clew.query.promql.evaluate import evaluate, warnings_of
from clew.query.promql.families import FAMILIES
from clew.query.promql.parse import parse, parse_selector

Handler = Callable[[Asking, Given], Awaitable[Response]]
MAX_BODY = 64 << 10
_log = logging.getLogger(__name__)


def create_prometheus_app(deps: ApiDeps) -> Starlette:
    """Return the application."""
    routes: dict[str, Handler] = {
        "/api/v1/query": _query,
        "/api/v1/query_range": _query_range,
        "/api/v1/series": _series,
        "/api/v1/labels": _labels,
        "/api/v1/label/{label}/values": _values,
        "/api/v1/metadata": _metadata,
        "/api/v1/status/buildinfo": _build_info,
        "/api/v1/query_exemplars": _nothing,
        "/api/v1/rules": _no_rules,
    }
    return Starlette(
        routes=[Route(path, _endpoint(handler, deps), methods=["GET", "POST"]) for path, handler in routes.items()],
        exception_handlers={404: _no_route},
    )


def _endpoint(handler: Handler, deps: ApiDeps) -> Callable[[Request], Awaitable[Response]]:
    """Return a route whose every failure is an envelope with its status; parameters come in the query or a form."""

    @functools.wraps(handler)
    async def endpoint(request: Request) -> Response:
        try:
            headers = request.headers
            scope = scope_of(deps.authenticator, headers.get("authorization"), headers.get("x-scope-orgid"))
            given = list(request.query_params.multi_items())
            if request.method == "POST":
                given += parse_qsl(await _body(request), keep_blank_values=True)
            return await handler(Asking(request, deps, scope), Given(given))
        except ClewError as error:
            return failure(http_status(error), error)
        except ClientGone:
            return Response(status_code=CLIENT_CLOSED)
        except Exception:  # noqa: BLE001 - whatever it is, clients show the envelope
            _log.exception("request failed", extra={"path": request.url.path})
            return failure(500, ClewError("unexpected error; the log of Clew has the cause"))

    return endpoint


async def _body(request: Request) -> str:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY:
            break
    return body[:MAX_BODY].decode("utf-8", "replace")


async def _no_route(request: Request, _: Exception) -> Response:
    return failure(404, ClewError(f"there is no {request.url.path[:200]} here; see docs/reference/promql.md"))


async def _query(asking: Asking, given: Given) -> Response:
    expr = parse(given.text("query"))
    at = given.moment("time", asking.now)
    times = np.array([at // 10**9], np.int64)
    found = await asking.run(lambda read: evaluate(read, expr, times))
    return success(instant(found, at / 1e9), warnings_of(expr))


async def _query_range(asking: Asking, given: Given) -> Response:
    expr = parse(given.text("query"))
    times = times_of(given, asking.now)
    found = await asking.run(lambda read: evaluate(read, expr, times.astype(np.int64)))
    return success(ranged(found, times), warnings_of(expr))


async def _series(asking: Asking, given: Given) -> Response:
    selectors = [parse_selector(one) for one in given.every("match[]")]
    window = window_of(given, asking.now)
    found = await asking.run(lambda read: catalogue.series(read, selectors, window))
    return _limited(found, given)


async def _labels(_: Asking, given: Given) -> Response:
    return _limited(catalogue.names([parse_selector(one) for one in given.every("match[]")]), given)


async def _values(asking: Asking, given: Given) -> Response:
    selectors = [parse_selector(one) for one in given.every("match[]")]
    window = window_of(given, asking.now)
    label = asking.request.path_params["label"]
    return _limited(await asking.run(lambda read: catalogue.values(read, label, selectors, window)), given)


def _limited(found: Sequence[Any], given: Given) -> Response:
    """Return as much of a list as `limit` allows; 0 is no limit."""
    most = given.count("limit") or len(found)
    warnings = [f"results truncated due to limit: {len(found)} are there"] if len(found) > most else []
    return success(found[:most], warnings)


async def _metadata(_: Asking, given: Given) -> Response:
    wanted = given.text("metric", "")
    told = {
        name: [{"type": "histogram" if family.histogram else "counter", "help": family.help, "unit": ""}]
        for name, family in FAMILIES.items()
        if wanted in {"", name}
    }
    return success(told)


async def _build_info(asking: Asking, _: Given) -> Response:
    empty = dict.fromkeys(("revision", "branch", "buildUser", "buildDate", "goVersion"), "")
    return success({"version": "2.55.0", **empty, "application": f"Clew {asking.deps.version}"})


async def _nothing(_: Asking, __: Given) -> Response:
    return success([])


async def _no_rules(_: Asking, __: Given) -> Response:
    return JSONResponse({"status": "success", "data": {"groups": []}})
