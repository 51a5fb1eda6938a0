"""OTLP/gRPC on grpc.aio with raw bytes: admission before the message is read, decoding by the shared intake."""

from clew.receive.grpc.server import OtlpGrpcServer

__all__ = ["OtlpGrpcServer"]
