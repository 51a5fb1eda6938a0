"""Tokens and tenants on the ports of Jaeger and Zipkin: the same rules as on the main port."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import grpc
import pytest
from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

from clew.api.pb import jaeger_expression_pb2 as expression
from clew.api.pb import jaeger_storage_v2_pb2 as pb
from clew.testing import RunningClew

TOKENS = [
    {"name": "a-both", "token": "a-both", "tenant": "a", "scopes": ["ingest", "read"]},
    {"name": "b-read", "token": "b-read", "tenant": "b", "scopes": ["read"]},
]
WEB = {"listen.jaeger_http": "/api/services", "listen.zipkin": "/api/v2/services"}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory, message, known):
    """A running Clew with tokens of two tenants, with traces of tenant a, written through the storage port."""
    with RunningClew(tmp_path_factory.mktemp("rights"), config={"tokens": TOKENS}, token="a-both") as clew:
        sent = trace_service_pb2.ExportTraceServiceRequest(resource_spans=message(known).resource_spans)
        call(clew, "opentelemetry.proto.collector.trace.v1.TraceService", "Export", sent, "a-both")
        clew.wait_stored(len(known))
        yield clew


def call(clew, service, method, request, token):
    """Call the storage port with a token."""
    with grpc.insecure_channel(f"127.0.0.1:{clew.ports['listen.jaeger_storage']}") as channel:
        made = channel.unary_unary(f"/{service}/{method}", lambda one: one.SerializeToString(), lambda body: body)
        return made(request, timeout=30, metadata=(("authorization", f"Bearer {token}"),) if token else ())


def fetch(clew, key, path, token="", host=""):
    """Return status and body of a web port."""
    headers = ({"authorization": f"Bearer {token}"} if token else {}) | ({"host": host} if host else {})
    request = urllib.request.Request(f"http://127.0.0.1:{clew.ports[key]}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@pytest.mark.parametrize("key", WEB)
def test_the_token_decides_whose_data_is_read_over_http(guarded, key):
    """Without a token 401, with one the services of its tenant and no others."""
    assert fetch(guarded, key, WEB[key])[0] == 401
    assert fetch(guarded, key, WEB[key], "wrong")[0] == 401
    status, own = fetch(guarded, key, WEB[key], "a-both")
    assert status == 200
    assert "frontend" in own
    status, other = fetch(guarded, key, WEB[key], "b-read")
    assert status == 200
    assert (json.loads(other)["data"] if key == "listen.jaeger_http" else json.loads(other)) == []


@pytest.mark.parametrize("key", WEB)
def test_a_foreign_host_name_is_refused(guarded, key):
    """A listener on localhost answers requests for localhost only, in the form of its API."""
    status, body = fetch(guarded, key, WEB[key], "a-both", host="evil.example")
    assert status == 403
    assert "evil.example" in body


def test_the_token_decides_over_grpc(guarded):
    """Reading and writing on the storage port each need their scope."""
    reader, request = "jaeger.storage.v2.TraceReader", pb.GetServicesRequest()
    own = pb.GetServicesResponse.FromString(call(guarded, reader, "GetServices", request, "a-both"))
    assert "frontend" in own.services
    assert call(guarded, reader, "GetServices", request, "b-read") == b""
    with pytest.raises(grpc.RpcError) as caught:
        call(guarded, reader, "GetServices", request, "")
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
    export = trace_service_pb2.ExportTraceServiceRequest()
    with pytest.raises(grpc.RpcError) as caught:
        call(guarded, "opentelemetry.proto.collector.trace.v1.TraceService", "Export", export, "b-read")
    assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED


@pytest.mark.parametrize(
    "given",
    [
        {"op": "not", "args": [{"call": {"op": "exists", "args": [{"attr": {"key": "no.such"}}]}}]},
        {"op": "ne", "args": [{"attr": {"key": "host.name", "level": "resource"}}, {"scalar": {"value": "x"}}]},
        {"op": "exists", "args": [{"field": {"name": "name", "level": "scope"}}]},
        {"op": "exists", "args": [{"attr": {"key": "why", "level": "link"}}]},
        {"op": "eq", "args": [{"scalar": {"value": "1"}}, {"scalar": {"value": "1"}}]},
    ],
)
def test_a_filter_sees_the_tenant_of_the_token_alone(guarded, given):
    """Whatever a structured filter asks, negations too, only spans of the token's tenant answer."""
    request = pb.FindTraceIDsRequest(query={"filter": ParseDict(given, expression.Call())})

    def found(token):
        body = call(guarded, "jaeger.storage.v2.TraceReader", "FindTraceIDs", request, token)
        return len(pb.FindTraceIDsResponse.FromString(body).trace_ids)

    assert found("a-both") > 0
    assert found("b-read") == 0
