"""Browsers that send telemetry from other origins."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from clew.config.section import Section

_ORIGIN = re.compile(r"\*|[a-z][a-z0-9+.-]*://[^/\s]+", re.IGNORECASE)


def _origin(value: str) -> str:
    if not _ORIGIN.fullmatch(value):
        raise ValueError("write scheme://host[:port] without a path; * stands for any text, https://*.example.com")
    return value


class CorsConfig(Section):
    """Cross-origin rules of OTLP/HTTP; empty `origins` answers no other origin."""

    origins: tuple[Annotated[str, AfterValidator(_origin)], ...] = ()
    """Origins that may send, `https://app.example.com`; `*` stands for any text."""
    headers: tuple[str, ...] = ()
    """Request headers allowed beside the usual ones (content-type, content-encoding, authorization, trace context)."""
    max_age_s: Annotated[int, Field(ge=0, le=86_400)] = 7200
    """Seconds that a browser may keep the answer to a preflight."""
