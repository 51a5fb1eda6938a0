"""Samplers and propagators from their names."""

from __future__ import annotations

from collections.abc import Callable

from opentelemetry.propagators.composite import CompositePropagator
from opentelemetry.propagators.textmap import TextMapPropagator
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased, Sampler, TraceIdRatioBased

from clew_sdk.context import (
    B3Propagator,
    DatadogPropagator,
    GuardedBaggagePropagator,
    JaegerPropagator,
    W3CPropagator,
    XRayPropagator,
)
from clew_sdk.sampling import ConsistentProbability, ConsistentRate, DebugSampler, KeepErrors, RemoteSampler
from clew_sdk.sampling.debug import DebugPropagator
from clew_sdk.settings import Settings, SettingsError

DEFAULT_REMOTE = "http://127.0.0.1:5778/sampling"


def sampler(settings: Settings, service: str) -> Sampler:
    """Return the sampler that the settings name.

    Raises:
        SettingsError: the name or its argument is not known.
    """
    made = _named(settings, service)
    if settings.keep_errors:
        made = KeepErrors(made)
    return DebugSampler(made, settings.debug_key) if settings.debug_key else made


def _named(settings: Settings, service: str) -> Sampler:
    def number(default: float) -> float:
        try:
            return float(settings.sampler_argument or default)
        except ValueError:
            raise SettingsError("OTEL_TRACES_SAMPLER_ARG", settings.sampler_argument, "write a number") from None

    roots: dict[str, Callable[[], Sampler]] = {
        "always_on": lambda: ALWAYS_ON,
        "always_off": lambda: ALWAYS_OFF,
        "traceidratio": lambda: TraceIdRatioBased(number(1.0)),
        "consistent_probability": lambda: ConsistentProbability(number(1.0)),
        "consistent_rate": lambda: ConsistentRate(number(10.0)),
        "remote": lambda: RemoteSampler(settings.sampler_argument or DEFAULT_REMOTE, service),
    }
    name = settings.sampler.removeprefix("parentbased_")
    if name not in roots:
        raise SettingsError("OTEL_TRACES_SAMPLER", settings.sampler, f"write one of {', '.join(sorted(roots))}")
    try:
        root = roots[name]()
    except ValueError as error:
        raise SettingsError("OTEL_TRACES_SAMPLER_ARG", settings.sampler_argument, str(error)) from error
    follows = name != settings.sampler or name in {"consistent_probability", "consistent_rate", "remote"}
    return ParentBased(root) if follows else root


PROPAGATORS: dict[str, Callable[[], TextMapPropagator]] = {
    "tracecontext": W3CPropagator,
    "b3": B3Propagator,
    "b3multi": lambda: B3Propagator(single=False),
    "jaeger": JaegerPropagator,
    "xray": XRayPropagator,
    "datadog": DatadogPropagator,
}


def propagator(settings: Settings) -> CompositePropagator:
    """Return all propagators; where a request bears several formats, the first one named wins.

    Raises:
        SettingsError: a name is not known.
    """
    parts: list[TextMapPropagator] = []
    for name in settings.propagators:
        if name == "baggage":
            parts.append(GuardedBaggagePropagator(allow=settings.baggage_allow))
        elif name in PROPAGATORS:
            parts.insert(0, PROPAGATORS[name]())  # the last to extract overwrites: so the first named comes last
        elif name != "none":
            known = ", ".join(["baggage", *PROPAGATORS])
            raise SettingsError("OTEL_PROPAGATORS", name, f"write some of {known}")
    if settings.debug_key:
        parts.append(DebugPropagator())
    return CompositePropagator(parts)
