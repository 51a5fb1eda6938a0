"""What is known about this process without being told: the deployment, a cold start, its memory, CPU and pools."""

from clew_sdk.facts.deployment import deployment
from clew_sdk.facts.pools import PoolMetrics
from clew_sdk.facts.process import ProcessMetrics
from clew_sdk.facts.start import ColdStart

__all__ = ["ColdStart", "PoolMetrics", "ProcessMetrics", "deployment"]
