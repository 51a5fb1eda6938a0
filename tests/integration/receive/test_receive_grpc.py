"""OTLP/gRPC: statuses with details, limits, admission before the message, health, reflection."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from clew.receive import OtlpGrpcServer, PortInUseError
from clew.testing.traces import TraceSource

PACKAGE = "/opentelemetry.proto.collector"
TRACES = f"{PACKAGE}.trace.v1.TraceService/Export"
LOGS = f"{PACKAGE}.logs.v1.LogsService/Export"
METRICS = f"{PACKAGE}.metrics.v1.MetricsService/Export"
BODY = TraceSource(seed=9, spans=20, templates=2).request(1, time.time_ns()).body


def call(port: int, body: bytes, method: str = TRACES, *, metadata: Any = (), compression: Any = None) -> bytes:
    """Make one call on a channel of its own."""
    options = [("grpc.max_send_message_length", -1), ("grpc.use_local_subchannel_pool", 1)]
    with grpc.insecure_channel(f"127.0.0.1:{port}", options=options) as channel:
        method_call = channel.unary_unary(method)
        return bytes(method_call(body, timeout=30, metadata=metadata, compression=compression))


def refused(port: int, body: bytes, method: str = TRACES, **options: Any) -> tuple[grpc.StatusCode, str, Status | None]:
    """Make a call that is refused; return code, text and the Status of its trailers."""
    with pytest.raises(grpc.RpcError) as caught:
        call(port, body, method, **options)
    trailers = dict(caught.value.trailing_metadata() or ())
    details = trailers.get("grpc-status-details-bin")
    return caught.value.code(), caught.value.details(), Status.FromString(details) if details else None


def retry_s(status: Status | None) -> float | None:
    """Return the delay of the RetryInfo in a Status."""
    for detail in status.details if status else ():
        info = RetryInfo()
        if detail.Unpack(info):
            return float(info.retry_delay.seconds)
    return None


def test_full_and_partial_success(served: Any) -> None:
    """The empty message for all, counts and reasons for some."""
    assert call(served.grpc.port, BODY) == b""
    assert call(served.grpc.port, b"") == b""
    request = ExportTraceServiceRequest.FromString(BODY)
    request.resource_spans[0].scope_spans[0].spans[0].trace_id = bytes(16)
    partial = ExportTraceServiceResponse.FromString(call(served.grpc.port, request.SerializeToString())).partial_success
    assert partial.rejected_spans == 1
    assert "invalid_trace_id" in partial.error_message


@pytest.mark.parametrize("method", [TRACES, LOGS])
def test_bad_bytes_are_invalid_argument(served: Any, method: str) -> None:
    """A message that cannot be decoded is refused for good, with BadRequest details."""
    code, _, status = refused(served.grpc.port, b"\xff\xff", method)
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert status is not None
    assert any(detail.type_url.endswith("BadRequest") for detail in status.details)
    assert retry_s(status) is None


def test_metrics_are_unimplemented_and_say_why(served: Any) -> None:
    """The text names OTEL_METRICS_EXPORTER=none."""
    code, text, _ = refused(served.grpc.port, b"", METRICS)
    assert code is grpc.StatusCode.UNIMPLEMENTED
    assert "OTEL_METRICS_EXPORTER=none" in text


def test_a_call_without_a_message_is_refused(served: Any) -> None:
    """A stream that ends at once is no export."""
    with grpc.insecure_channel(f"127.0.0.1:{served.grpc.port}") as channel:
        with pytest.raises(grpc.RpcError) as caught:
            channel.stream_unary(TRACES)(iter(()), timeout=30)
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    served.wait_used(0)


@pytest.mark.parametrize("compression", [None, grpc.Compression.Gzip, grpc.Compression.Deflate])
def test_too_large_is_resource_exhausted_for_good(serve: Any, compression: Any) -> None:
    """Limits before and after decompression give RESOURCE_EXHAUSTED without RetryInfo: the SDK must not retry."""
    served = serve(limits__request_max_bytes=1 << 20, limits__decoded_max_bytes=1 << 20)
    body = os.urandom(2 << 20) if compression is None else bytes(4 << 20)
    code, _, status = refused(served.grpc.port, body, compression=compression)
    assert code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert retry_s(status) is None
    served.wait_used(0)


def test_over_budget_is_resource_exhausted_with_a_delay(serve: Any, held: Any) -> None:
    """A known peer is refused before its message is read, with RetryInfo."""
    limits = {"limits__request_max_bytes": 100_000, "limits__inflight_max_bytes": 150_000, "limits__retry_after_s": 3}
    served = serve(journal=held, **limits)
    big = ExportTraceServiceRequest.FromString(BODY)
    while big.ByteSize() < 40_000:
        big.resource_spans.append(big.resource_spans[0])
    body = big.SerializeToString()
    options = [("grpc.use_local_subchannel_pool", 1)]
    with grpc.insecure_channel(f"127.0.0.1:{served.grpc.port}", options=options) as channel:
        export = channel.unary_unary(TRACES)
        first = export.future(body, timeout=30)
        assert held.arrived.wait(30)
        with pytest.raises(grpc.RpcError) as caught:
            export(body, timeout=30)
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        trailers = dict(caught.value.trailing_metadata())
        assert retry_s(Status.FromString(trailers["grpc-status-details-bin"])) == 3
        held.answer()
        assert first.result() == b""
    served.wait_used(0)


def test_no_room_is_unavailable_with_a_delay(serve: Any, held: Any) -> None:
    """A full journal is UNAVAILABLE with RetryInfo."""
    served = serve(journal=held)
    held.free_bytes = 0
    code, _, status = refused(served.grpc.port, BODY)
    assert (code, retry_s(status)) == (grpc.StatusCode.UNAVAILABLE, 1)


def test_too_many_calls_are_unavailable_with_a_delay(serve: Any, held: Any) -> None:
    """The limit of calls is retryable too."""
    served = serve(journal=held, limits__max_concurrent_rpcs=1)
    waiting = threading.Thread(target=call, args=(served.grpc.port, BODY))
    waiting.start()
    assert held.arrived.wait(30)
    code, _, status = refused(served.grpc.port, BODY)
    assert (code, retry_s(status)) == (grpc.StatusCode.UNAVAILABLE, 1)
    held.answer()
    waiting.join(30)


def test_a_caller_that_leaves_keeps_its_charge_until_the_answer(serve: Any, held: Any) -> None:
    """A cancelled call is charged for as long as the intake holds its message."""
    served = serve(journal=held)
    with grpc.insecure_channel(f"127.0.0.1:{served.grpc.port}") as channel:
        future = channel.unary_unary(TRACES).future(BODY, timeout=30)
        assert held.arrived.wait(30)
        future.cancel()
        served.wait_used(2 * len(BODY))
        held.answer()
        served.wait_used(0)


def test_admission_comes_before_the_message(serve: Any, held: Any) -> None:
    """While a call waits for its reservation, its message stays with the client: only socket buffers fill.

    The bytes of a 48 MiB message are counted on their way through a relay; they stop until the reservation is given.
    """
    size = 48 << 20
    served = serve(journal=held, limits__request_max_bytes=64 << 20, limits__inflight_max_bytes=64 << 20)
    blocker = served.await_(served.budget.reserve(64 << 20, 1))
    passed = [0]
    relay = served.await_(_relay(served.grpc.port, passed))
    port = relay.sockets[0].getsockname()[1]
    message = threading.Thread(target=refused, args=(port, b"\xff" + bytes(size)))
    message.start()
    seen = -1
    while passed[0] == 0 or passed[0] != seen:
        seen = passed[0]
        time.sleep(0.3)
    assert seen < size // 2
    served.call(blocker.release)
    message.join(30)
    assert passed[0] > size
    served.call(relay.close)
    served.wait_used(0)


async def _relay(port: int, passed: list[int]) -> asyncio.Server:
    """Start a relay to `port` that counts what clients send."""

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, count: bool) -> None:
        try:
            while data := await reader.read(1 << 16):
                passed[0] += len(data) if count else 0
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            return
        finally:
            writer.close()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pump(reader, inner_writer, count=True), pump(inner_reader, writer, count=False))

    return await asyncio.start_server(connect, "127.0.0.1", 0)


def test_health_is_served_and_follows_readiness(served: Any) -> None:
    """`grpc_health_probe` works, for the server and for each service."""
    with grpc.insecure_channel(f"127.0.0.1:{served.grpc.port}") as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        for service in ("", TRACES[1:].split("/", maxsplit=1)[0], LOGS[1:].split("/", maxsplit=1)[0]):
            answer = stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=30)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
        served.await_(served.grpc.set_ready(ready=False))
        answer = stub.Check(health_pb2.HealthCheckRequest(), timeout=30)
        assert answer.status == health_pb2.HealthCheckResponse.NOT_SERVING
        served.await_(served.grpc.set_ready(ready=True))


def test_reflection_lists_the_services(served: Any) -> None:
    """`grpcurl list` works, and the message types can be asked for."""
    with grpc.insecure_channel(f"127.0.0.1:{served.grpc.port}") as channel:
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        asked = [
            reflection_pb2.ServerReflectionRequest(list_services=""),
            reflection_pb2.ServerReflectionRequest(file_containing_symbol=TRACES[1:].split("/", maxsplit=1)[0]),
        ]
        listed, file = list(stub.ServerReflectionInfo(iter(asked), timeout=30))
    names = {service.name for service in listed.list_services_response.service}
    assert {TRACES[1:].split("/", maxsplit=1)[0], LOGS[1:].split("/", maxsplit=1)[0], "grpc.health.v1.Health"} <= names
    assert file.file_descriptor_response.file_descriptor_proto


async def test_a_taken_port_is_named(served: Any) -> None:
    """A second process does not silently share the port."""
    listener = served.config.listen.otlp_grpc.model_copy(update={"port": served.grpc.port})
    second = OtlpGrpcServer(listener, served.edge)
    with pytest.raises(PortInUseError) as caught:
        await second.start()
    assert str(served.grpc.port) in caught.value.detail
    assert "--otlp-grpc-port" in caught.value.hint
    await second.stop()


TOKENS = [
    {"name": "shop", "token": "shop-secret", "tenant": "shop", "scopes": ["ingest"]},
    {"name": "reader", "token": "read-secret", "tenant": "shop", "scopes": ["read"]},
]


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        ((), grpc.StatusCode.UNAUTHENTICATED),
        ((("authorization", "Bearer wrong"),), grpc.StatusCode.UNAUTHENTICATED),
        ((("authorization", "Bearer read-secret"),), grpc.StatusCode.PERMISSION_DENIED),
    ],
)
def test_calls_without_the_right_token_are_refused(serve: Any, metadata: Any, code: grpc.StatusCode) -> None:
    """The metadata `authorization` is checked before the message is read."""
    served = serve(tokens=TOKENS)
    assert refused(served.grpc.port, BODY, metadata=metadata)[0] is code
    assert served.own_journal.stats().spans.received == 0


def test_a_token_decides_the_tenant(serve: Any) -> None:
    """What comes with a token belongs to its tenant."""
    served = serve(tokens=TOKENS)
    call(served.grpc.port, BODY, metadata=(("authorization", "Bearer shop-secret"),))
    assert {row["tenant"] for row in served.rows()} == {"shop"}
