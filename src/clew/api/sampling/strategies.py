"""The strategies in force, and the one of a service as the protocol's message."""

from __future__ import annotations

from clew.api.pb import jaeger_sampling_pb2 as pb
from clew.config.sampling import SamplingConfig, Strategy


class Strategies:
    """Answers from the configuration that was applied last. `apply` may be called from any thread."""

    def __init__(self, config: SamplingConfig) -> None:
        self._config = config

    def apply(self, config: SamplingConfig) -> None:
        """Put other strategies in force, all at once."""
        self._config = config

    def of(self, service: str) -> pb.SamplingStrategyResponse:
        """Return the strategy of a service."""
        config = self._config
        return _message(config.services.get(service, config.default))


def _message(strategy: Strategy) -> pb.SamplingStrategyResponse:
    told = pb.SamplingStrategyResponse(strategyType=pb.PROBABILISTIC)
    if strategy.traces_per_second is not None:
        told.strategyType = pb.RATE_LIMITING
        told.rateLimitingSampling.maxTracesPerSecond = strategy.traces_per_second
        return told
    share = 1.0 if strategy.probability is None else strategy.probability
    told.probabilisticSampling.samplingRate = share
    if strategy.operations:
        per = told.operationSampling
        per.defaultSamplingProbability = share
        per.defaultLowerBoundTracesPerSecond = strategy.lower_bound_per_second
        per.defaultUpperBoundTracesPerSecond = strategy.upper_bound_per_second or 0.0
        for name, one in sorted(strategy.operations.items()):
            entry = per.perOperationStrategies.add(operation=name)
            entry.probabilisticSampling.samplingRate = one
    return told
