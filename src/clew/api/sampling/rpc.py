"""The strategies over gRPC: `jaeger.api_v2.SamplingManager`."""

from __future__ import annotations

import grpc

from clew.api.pb import jaeger_sampling_pb2 as pb
from clew.api.sampling.strategies import Strategies

SERVICE = "jaeger.api_v2.SamplingManager"


def handlers(strategies: Strategies) -> grpc.GenericRpcHandler:
    """Return the service for a server of `grpc.aio`."""

    async def get(
        asked: pb.SamplingStrategyParameters, context: grpc.aio.ServicerContext
    ) -> pb.SamplingStrategyResponse:
        if not asked.serviceName:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "serviceName is needed")
        return strategies.of(asked.serviceName)

    method = grpc.unary_unary_rpc_method_handler(
        get,
        request_deserializer=pb.SamplingStrategyParameters.FromString,
        response_serializer=pb.SamplingStrategyResponse.SerializeToString,
    )
    return grpc.method_handlers_generic_handler(SERVICE, {"GetSamplingStrategy": method})
