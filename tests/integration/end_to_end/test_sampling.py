"""Jaeger's remote sampling on its two ports, followed by a real SDK, and changed while Clew runs."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml

from clew.api.pb import jaeger_sampling_pb2 as pb
from clew.testing import RunningClew, coverage_flags
from clew_sdk.sampling import RemoteSampler

STRATEGIES = {
    "default": {"probability": 0.5},
    "services": {
        "search": {"traces_per_second": 7},
        "shop": {"probability": 0.0, "operations": {"POST /pay": 1.0}},
    },
}


@pytest.fixture
def node(tmp_path: Path) -> Iterator[RunningClew]:
    """A Clew with strategies."""
    with RunningClew(tmp_path, config={"sampling": STRATEGIES}, interpreter=coverage_flags()) as running:
        yield running
        assert running.stop() == 0, running.log()


def asked(node: RunningClew, query: str, path: str = "/sampling") -> tuple[int, Any]:
    """Return status and answer of the HTTP port."""
    url = f"http://127.0.0.1:{node.ports['listen.sampling_http']}{path}{query}"
    try:
        with urllib.request.urlopen(url) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_sdks_are_told_what_to_keep_and_a_changed_file_counts_at_once(node: RunningClew) -> None:
    """Both protocols agree, a sampler follows, and a changed file counts without a restart unless it is wrong."""
    assert asked(node, "?service=other") == (
        200,
        {"strategyType": "PROBABILISTIC", "probabilisticSampling": {"samplingRate": 0.5}},
    )
    assert asked(node, "?service=search")[1] == {
        "strategyType": "RATE_LIMITING",
        "rateLimitingSampling": {"maxTracesPerSecond": 7},
    }
    for path in ("", "/", "/api/sampling"):
        assert asked(node, "?service=search", path)[1]["strategyType"] == "RATE_LIMITING"
    for wrong in ("", "?service=", "?service=a&service=b"):
        status, said = asked(node, wrong)
        assert (status, "exactly one" in said) == (400, True)

    with grpc.insecure_channel(f"127.0.0.1:{node.ports['listen.sampling_grpc']}") as channel:
        call = channel.unary_unary(
            "/jaeger.api_v2.SamplingManager/GetSamplingStrategy",
            request_serializer=pb.SamplingStrategyParameters.SerializeToString,
            response_deserializer=pb.SamplingStrategyResponse.FromString,
        )
        told = call(pb.SamplingStrategyParameters(serviceName="shop"))
        operations = {
            one.operation: one.probabilisticSampling.samplingRate
            for one in told.operationSampling.perOperationStrategies
        }
        assert (told.operationSampling.defaultSamplingProbability, operations) == (0.0, {"POST /pay": 1.0})
        with pytest.raises(grpc.RpcError) as refused:
            call(pb.SamplingStrategyParameters())
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT

    sampler = RemoteSampler(f"http://127.0.0.1:{node.ports['listen.sampling_http']}/sampling", "shop", interval_s=3600)
    assert sampler.refresh()
    assert sampler.should_sample(None, 1, "POST /pay").decision.is_sampled()
    assert not sampler.should_sample(None, 1, "GET /cart").decision.is_sampled()

    file = node.directory / "clew.yaml"
    file.write_text("sampling: {default: {probability: 7}}")
    until(lambda: "the configuration was not taken" in node.log())
    assert asked(node, "?service=other")[1]["probabilisticSampling"] == {"samplingRate": 0.5}
    file.write_text(yaml.safe_dump({"sampling": {"default": {"probability": 0.25}}, "query": {"timeout_s": 9}}))
    until(lambda: asked(node, "?service=shop")[1].get("probabilisticSampling") == {"samplingRate": 0.25})
    until(lambda: '"after_restart": ["query"]' in node.log())
    sampler.refresh()
    assert "0.25" in sampler.get_description()


def until(true: Any, seconds: float = 30.0) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to hold"
        time.sleep(0.2)
