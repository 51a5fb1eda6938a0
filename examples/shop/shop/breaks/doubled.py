"""Double instrumentation: a second one around an application that is traced already."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from opentelemetry.instrumentation.wsgi import OpenTelemetryMiddleware

from shop import faults

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def doubled(app: Application) -> Application:
    """Return the application; requests that the fault strikes also go through the instrumentation of WSGI."""
    again = OpenTelemetryMiddleware(app)

    def either(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        chosen: Application = again if faults.on("double-instrumentation") else app
        return chosen(environ, start_response)

    return either
