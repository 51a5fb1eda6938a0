"""Context in and out of a process: headers of requests and messages, environments of batch jobs, baggage."""

from clew_sdk.context.b3 import B3Propagator
from clew_sdk.context.baggage import GuardedBaggagePropagator
from clew_sdk.context.datadog import DatadogPropagator
from clew_sdk.context.jaeger import JaegerPropagator
from clew_sdk.context.w3c import W3CPropagator
from clew_sdk.context.xray import XRayPropagator

__all__ = [
    "B3Propagator",
    "DatadogPropagator",
    "GuardedBaggagePropagator",
    "JaegerPropagator",
    "W3CPropagator",
    "XRayPropagator",
]
