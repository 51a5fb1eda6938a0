"""Which traces are kept at their start: consistent with every other sampler of the trace, and weighable afterwards."""

from clew_sdk.sampling.consistent import ConsistentProbability, ConsistentRate
from clew_sdk.sampling.debug import DebugSampler, sign
from clew_sdk.sampling.errors import ErrorBuffer, KeepErrors
from clew_sdk.sampling.remote import RemoteSampler

__all__ = [
    "ConsistentProbability",
    "ConsistentRate",
    "DebugSampler",
    "ErrorBuffer",
    "KeepErrors",
    "RemoteSampler",
    "sign",
]
