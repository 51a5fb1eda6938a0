"""Where Clew listens."""

from __future__ import annotations

import ipaddress

from clew.config.section import Port, Section


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach `host`; a name other than `localhost` counts as public."""
    if host.rstrip(".").lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]").split("%")[0]).is_loopback
    except ValueError:
        return False


class Listener(Section):
    """One address to listen on."""

    host: str = "127.0.0.1"
    """Address or name; 127.0.0.1 is reachable from this machine only, 0.0.0.0 from everywhere."""
    port: Port
    """TCP port; 0 takes a free one."""


class UiListener(Listener):
    """The main port: UI, `/api/v1`, `/metrics`, `/healthz`, `/readyz`."""

    port: Port = 4319
    """TCP port; 0 takes a free one."""


class GrpcListener(Listener):
    """OTLP over gRPC."""

    port: Port = 4317
    """TCP port; 0 takes a free one."""


class HttpListener(Listener):
    """OTLP over HTTP."""

    port: Port = 4318
    """TCP port; 0 takes a free one."""


class ApiListener(Listener):
    """A port of another system's API; it can be turned off where that system runs itself.

    Where nobody has chosen the port and another process has it, Clew starts without and says so.
    """

    enabled: bool = True
    """Whether to listen at all."""


class TempoListener(ApiListener):
    """What Grafana's Tempo data source speaks: HTTP/1.1 and gRPC (h2c) on one port."""

    port: Port = 3200
    """TCP port; 0 takes a free one."""


class JaegerHttpListener(ApiListener):
    """Jaeger's query API over HTTP."""

    port: Port = 16686
    """TCP port; 0 takes a free one."""


class JaegerGrpcListener(ApiListener):
    """Jaeger's query API over gRPC: `api_v2` and `api_v3`."""

    port: Port = 16685
    """TCP port; 0 takes a free one."""


class JaegerStorageListener(ApiListener):
    """Jaeger's remote storage, version 2, over gRPC: a Jaeger reads and writes here."""

    port: Port = 17271
    """TCP port; 0 takes a free one."""


class ZipkinListener(ApiListener):
    """Zipkin's read API, version 2."""

    port: Port = 9411
    """TCP port; 0 takes a free one."""


class SamplingHttpListener(ApiListener):
    """Jaeger's remote sampling over HTTP: SDKs ask here how much to keep."""

    port: Port = 5778
    """TCP port; 0 takes a free one."""


class SamplingGrpcListener(ApiListener):
    """Jaeger's remote sampling over gRPC."""

    port: Port = 5779
    """TCP port; 0 takes a free one."""


class ListenConfig(Section):
    """The listeners. All are on localhost unless set otherwise."""

    ui: UiListener = UiListener()
    """UI, API, metrics and health."""
    otlp_grpc: GrpcListener = GrpcListener()
    """OTLP/gRPC."""
    otlp_http: HttpListener = HttpListener()
    """OTLP/HTTP."""
    tempo: TempoListener = TempoListener()
    """Tempo's query API, HTTP and gRPC."""
    jaeger_http: JaegerHttpListener = JaegerHttpListener()
    """Jaeger's `/api` and `/api/v3`."""
    jaeger_grpc: JaegerGrpcListener = JaegerGrpcListener()
    """Jaeger's query services."""
    jaeger_storage: JaegerStorageListener = JaegerStorageListener()
    """Jaeger's remote storage."""
    zipkin: ZipkinListener = ZipkinListener()
    """Zipkin's `/api/v2`."""
    sampling_http: SamplingHttpListener = SamplingHttpListener()
    """Sampling strategies over HTTP."""
    sampling_grpc: SamplingGrpcListener = SamplingGrpcListener()
    """Sampling strategies over gRPC."""

    def by_key(self) -> dict[str, Listener]:
        """Return each listener that is on, under its full key."""
        listeners: dict[str, Listener] = {f"listen.{name}": getattr(self, name) for name in type(self).model_fields}
        return {key: one for key, one in listeners.items() if not isinstance(one, ApiListener) or one.enabled}
