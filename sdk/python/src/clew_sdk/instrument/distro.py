"""What `opentelemetry-instrument` finds: Clew's defaults as a distro, and its set-up as a configurator."""

from __future__ import annotations

import os
from typing import Any

from opentelemetry.instrumentation.distro import BaseDistro  # type: ignore[attr-defined] # it is untyped as a whole
from opentelemetry.sdk._configuration import _BaseConfigurator

from clew_sdk.instrument.libraries import State, libraries
from clew_sdk.starting import start


class ClewDistro(BaseDistro):  # type: ignore[misc]
    """Names the propagators, and disables instrumentations that would double others."""

    def _configure(self, **_: Any) -> None:
        os.environ.setdefault("OTEL_PROPAGATORS", "tracecontext,baggage")
        doubles = [one.short for one in libraries() if one.state is State.COVERED]
        if doubles:
            told = os.environ.get("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", "")
            os.environ["OTEL_PYTHON_DISABLED_INSTRUMENTATIONS"] = ",".join(filter(None, [told, *doubles]))


class ClewConfigurator(_BaseConfigurator):
    """Starts the SDK in place of OpenTelemetry's own configurator."""

    def _configure(self, **_: Any) -> None:
        start(instrument=False)  # the loader does that after this
