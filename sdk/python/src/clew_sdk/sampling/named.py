"""Samplers by the names of OTEL_TRACES_SAMPLER, for OpenTelemetry's own configurator; the argument is a text."""

from __future__ import annotations

import os

from opentelemetry.sdk.trace.sampling import ParentBased, Sampler

from clew_sdk.sampling.consistent import ConsistentProbability, ConsistentRate
from clew_sdk.sampling.remote import RemoteSampler


def consistent_probability(argument: str | None) -> Sampler:
    """Return a parent-based share of all traces, 1 by default."""
    return ParentBased(ConsistentProbability(float(argument or 1.0)))


def consistent_rate(argument: str | None) -> Sampler:
    """Return a parent-based rate of traces a second, 10 by default."""
    return ParentBased(ConsistentRate(float(argument or 10.0)))


def remote(argument: str | None) -> Sampler:
    """Return a parent-based remote strategy from an address, this machine's port 5778 by default."""
    endpoint = argument or "http://127.0.0.1:5778/sampling"
    return ParentBased(RemoteSampler(endpoint, os.environ.get("OTEL_SERVICE_NAME", "unknown_service")))
