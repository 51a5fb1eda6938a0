"""OTLP/gRPC on grpc.aio with raw bytes: admission before the message is read, decoding by the shared intake."""

from clew.receive.grpc.listener import GrpcListener
from clew.receive.grpc.server import OtlpGrpcServer, export_options, trace_export

__all__ = ["GrpcListener", "OtlpGrpcServer", "export_options", "trace_export"]
