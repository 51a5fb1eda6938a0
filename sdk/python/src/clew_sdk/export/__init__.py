"""From ended spans to acknowledged OTLP: a bounded queue, an encoder, a sender, and a spill directory."""

from clew_sdk.export.processor import QueueProcessor
from clew_sdk.export.sender import HttpSender
from clew_sdk.export.spill import Spill

__all__ = ["HttpSender", "QueueProcessor", "Spill"]
