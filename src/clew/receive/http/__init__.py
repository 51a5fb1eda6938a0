"""OTLP/HTTP on an asyncio protocol of our own: what a request costs here is most of what receiving costs."""

from clew.receive.http.server import OtlpHttpServer

__all__ = ["OtlpHttpServer"]
