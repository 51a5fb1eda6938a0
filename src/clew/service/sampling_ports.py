"""The ports of remote sampling, and what keeps their strategies as the configuration says."""

from __future__ import annotations

from starlette.applications import Starlette

from clew.api.sampling import SERVICE, Strategies, create_sampling_app, handlers
from clew.config import Config, Listener
from clew.receive import GrpcListener
from clew.service.listeners import SAMPLING_GRPC


class SamplingPorts:
    """Both protocols over one table of strategies."""

    def __init__(self, config: Config) -> None:
        self._strategies = Strategies(config.sampling)

    def apply(self, config: Config) -> None:
        """Follow a changed configuration. Callable from any thread."""
        self._strategies.apply(config.sampling)

    def web(self) -> Starlette:
        """Return the application of the HTTP port."""
        return create_sampling_app(self._strategies)

    def rpc(self, listener: Listener) -> GrpcListener:
        """Return the gRPC port."""
        return GrpcListener(SAMPLING_GRPC, listener, [handlers(self._strategies)], names=[SERVICE])
