"""The shop's page in the gateway: the page itself, what it needs, and the way on for its spans."""

from __future__ import annotations

import os
from typing import Any

import requests
from flask import Blueprint, Response, request, send_from_directory
from opentelemetry import propagate
from opentelemetry.instrumentation.utils import suppress_instrumentation
from opentelemetry.util.re import parse_env_headers

from shop.build import PAGE

_ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
_HEADERS = "OTEL_EXPORTER_OTLP_HEADERS"
_WITHIN_S = 10.0

pages = Blueprint("page", __name__)
_collector = requests.Session()


@pages.get("/")
def page() -> Any:
    """Send the page; its load continues the trace of this request."""
    path = PAGE.built / "index.html"
    if not path.exists():
        return {"error": "this shop runs without its page, which Node.js builds; its API is below /api"}, 404
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return path.read_text().replace("{{ traceparent }}", carrier.get("traceparent", ""))


@pages.get("/page/<name>")
def asset(name: str) -> Response:
    """Send what the page needs."""
    return send_from_directory(PAGE.built, name)


@pages.post("/otlp/v1/traces")
def spans() -> Any:
    """Hand the page's spans on, so that no collector has to allow this origin."""
    headers = {
        "Content-Type": request.content_type or "",
        **parse_env_headers(os.environ.get(_HEADERS, ""), liberal=True),
    }
    with suppress_instrumentation():
        told = _collector.post(
            f"{os.environ[_ENDPOINT]}/v1/traces", data=request.get_data(), headers=headers, timeout=_WITHIN_S
        )
    return Response(told.content, told.status_code, content_type=told.headers.get("Content-Type"))
