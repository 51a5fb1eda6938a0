"""What is known about this process without being told: the deployment, a cold start, its memory and CPU."""

from clew_sdk.facts.deployment import deployment
from clew_sdk.facts.process import ProcessMetrics
from clew_sdk.facts.start import ColdStart

__all__ = ["ColdStart", "ProcessMetrics", "deployment"]
