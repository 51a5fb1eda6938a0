"""Senders of OTLP bodies, as light as they can be: what a benchmark measures should be the receiver."""

from clew.testing.send.answer import Answer, Sender
from clew.testing.send.grpc import GrpcSender
from clew.testing.send.http import HttpSender

__all__ = ["Answer", "GrpcSender", "HttpSender", "Sender"]
