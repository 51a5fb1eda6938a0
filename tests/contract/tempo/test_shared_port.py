from __future__ import annotations

import socket
import threading
import time
from urllib.parse import quote

import grpc
import pytest

from clew.api.pb import tempo_pb2 as pb
from clew.testing import RunningClew
from clew.testing import free_port as any_port

RANGE = {"start": int(time.time()) - 3600, "end": int(time.time()) + 600}


def method(channel, name, answer):
    """Return a method of the streaming service."""
    path = f"/tempopb.StreamingQuerier/{name}"
    return channel.unary_stream(path, lambda message: message.SerializeToString(), answer.FromString)


@pytest.fixture
def channel(port):
    """A gRPC channel to the port that also speaks HTTP."""
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield channel


def read_all(connection):
    """Return everything until the other side closes."""
    found = b""
    while part := connection.recv(65_536):
        found += part
    return found


def test_grpc_and_http_share_the_port(channel, tempo):
    """The same port answers a streaming search and an echo, at the same time."""
    assert tempo.get("/api/echo").body == b"echo"
    answers = list(method(channel, "Search", pb.SearchResponse)(pb.SearchRequest(Query="{}", **RANGE)))
    assert {one.traceID for answer in answers for one in answer.traces} >= {f"{n:032x}" for n in (0xA1, 0xA2, 0xB3)}
    assert answers[-1].metrics.completedJobs == answers[-1].metrics.totalJobs == 1
    assert tempo.get("/api/echo").body == b"echo"


def test_the_health_check_of_a_streaming_data_source_works(channel):
    """`Search({})` with limit 1, as Grafana sends it when streaming is on."""
    request = pb.SearchRequest(Query="{}", Limit=1, start=RANGE["start"], end=RANGE["end"])
    answers = list(method(channel, "Search", pb.SearchResponse)(request))
    assert sum(len(answer.traces) for answer in answers) == 1


@pytest.mark.parametrize(
    ("name", "request_", "answer"),
    [
        ("SearchTags", pb.SearchTagsRequest(**RANGE), pb.SearchTagsResponse),
        ("SearchTagsV2", pb.SearchTagsRequest(scope="span", **RANGE), pb.SearchTagsV2Response),
        ("SearchTagValues", pb.SearchTagValuesRequest(tagName=".service.name", **RANGE), pb.SearchTagValuesResponse),
        ("SearchTagValuesV2", pb.SearchTagValuesRequest(tagName="name", **RANGE), pb.SearchTagValuesV2Response),
    ],
)
def test_names_and_values_stream(channel, name, request_, answer):
    """The four lists answer with something."""
    (found,) = method(channel, name, answer)(request_)
    assert found.ListFields()[0][1]


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (pb.SearchRequest(Query="{ nonsense"), grpc.StatusCode.INVALID_ARGUMENT),
        (pb.SearchRequest(SpansPerSpanSet=101), grpc.StatusCode.INVALID_ARGUMENT),
        (pb.SearchRequest(start=5), grpc.StatusCode.INVALID_ARGUMENT),
    ],
)
def test_wrong_calls_have_the_status_of_their_http_request(channel, request_, code):
    """400 is InvalidArgument."""
    with pytest.raises(grpc.RpcError) as caught:
        list(method(channel, "Search", pb.SearchResponse)(request_))
    assert caught.value.code() is code


def test_a_foreign_tenant_is_refused(channel, tempo):
    """`X-Scope-OrgID` opens no other tenant: 403 and PermissionDenied; the caller's own name is fine."""
    assert tempo.get("/api/search", headers={"X-Scope-OrgID": "other"}).status == 403
    assert tempo.get("/api/search", headers={"X-Scope-OrgID": "default|other"}).status == 403
    for own in ("default", "single-tenant"):
        assert tempo.get("/api/search", headers={"X-Scope-OrgID": own}).status == 200
    search = method(channel, "Search", pb.SearchResponse)
    with pytest.raises(grpc.RpcError) as caught:
        list(search(pb.SearchRequest(), metadata=(("x-scope-orgid", "other"),)))
    assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED


def test_a_head_in_pieces_is_one_request(port):
    """Bytes may come one by one."""
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        for byte in b"GET /api/echo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n":
            connection.sendall(bytes([byte]))
        assert read_all(connection).endswith(b"echo")


def test_a_method_that_begins_like_the_preface_is_http(port):
    """`PRI` alone decides nothing: only the whole preface does."""
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.sendall(b"PRI")
        connection.sendall(b"NT /api/echo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert read_all(connection).startswith(b"HTTP/1.1 4")


def test_a_client_that_says_nothing_more_is_cut(tmp_path):
    """Without a complete head in time the connection ends with 408, and others are served meanwhile."""
    config = {"limits": {"header_timeout_s": 0.5, "max_connections": 2}}
    with RunningClew(tmp_path, config=config) as running:
        address = ("127.0.0.1", running.ports["listen.tempo"])
        with socket.create_connection(address, 10) as slow, socket.create_connection(address, 10) as other:
            slow.sendall(b"GET /api/echo HTTP/1.1\r\nHost: loc")
            other.sendall(b"GET /api/echo HTTP/1.1\r\nHost: localhost\r\n\r\n")
            answered = b""
            while not answered.endswith(b"echo"):
                answered += other.recv(4096)
            with socket.create_connection(address, 10) as third:
                assert read_all(third).startswith(b"HTTP/1.1 503")
            assert read_all(slow).startswith(b"HTTP/1.1 408")


def test_a_head_without_end_is_refused(port):
    """431 once the head is longer than `limits.header_max_bytes`."""
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.sendall(b"GET /api/echo HTTP/1.1\r\nX: " + b"a" * 40_000)
        assert read_all(connection).startswith(b"HTTP/1.1 431")


def test_long_queries_have_their_limits(channel, tempo, port):
    """A request line of 65,000 bytes comes through whole or in pieces, beyond it is 414; gRPC takes 128 KiB."""
    wide = '{{ name =~ "GET /cart|{}" }}'.format
    path = "/api/search?limit=1&q="

    def line(length):
        return f"GET {path}".ljust(length - len(" HTTP/1.1"), "a") + " HTTP/1.1\r\nHost: localhost\r\n"

    fitting = quote(wide("a" * 60_000), safe="")
    assert len(tempo.get(path + fitting).json["traces"]) == 1
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        for part in (f"GET {path}{fitting[:40_000]}", f"{fitting[40_000:]} HTTP/1.1\r\nHost: localhost\r\n"):
            connection.sendall(part.encode())
            time.sleep(0.05)
        connection.sendall(b"Connection: close\r\n\r\n")
        assert read_all(connection).startswith(b"HTTP/1.1 200")
    for end in (b"\r\n", b""):
        with socket.create_connection(("127.0.0.1", port), 10) as connection:
            connection.sendall(line(65_001).encode() + end)
            assert read_all(connection).startswith(b"HTTP/1.1 414")
    search = method(channel, "Search", pb.SearchResponse)
    *_, last = search(pb.SearchRequest(Query=wide("a" * 130_000), Limit=1, **RANGE))
    assert len(last.traces) == 1
    for beyond in ("a" * 131_072, "\u00e4" * 65_536):
        with pytest.raises(grpc.RpcError) as caught:
            list(search(pb.SearchRequest(Query=wide(beyond), **RANGE)))
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert "128 KiB" in caught.value.details()


def test_many_grpc_connections_at_once(port):
    """Each connection has its own way to the server."""
    failures = []

    def ask():
        with grpc.insecure_channel(f"127.0.0.1:{port}", options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
            found = list(method(channel, "SearchTags", pb.SearchTagsResponse)(pb.SearchTagsRequest(**RANGE)))
            if not found or not found[0].tagNames:
                failures.append(found)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert failures == []


def test_the_main_port_serves_the_http_half(clew):
    """Under `/tempo`, for where one port is all there is."""
    assert clew.fetch("/tempo/api/echo") == b"echo"
    assert b'"traces"' in clew.fetch("/tempo/api/search?limit=1")


def test_a_foreign_host_name_is_refused_on_localhost(tempo):
    """DNS rebinding finds no way in here either."""
    reply = tempo.get("/api/search", headers={"Host": "evil.example"})
    assert reply.status == 403
    assert reply.headers["content-type"].startswith("text/plain")


def test_the_status_shows_the_port(clew, port):
    """`clew status` lists it with the other listeners."""
    told = clew.clew("status", "--url", clew.url)
    assert told.returncode == 0
    assert f"tempo {port}" in told.stdout


def test_a_taken_port_names_its_key(tmp_path):
    """The error says `listen.tempo.port`, as for the other listeners."""
    port = any_port()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        running = RunningClew(tmp_path, env={"CLEW_LISTEN_TEMPO_PORT": str(port)})
        running.start(wait_s=0)
        assert running.wait_exit() != 0
        assert "listen.tempo.port" in running.log()


def test_tokens_protect_both_protocols(tmp_path, connect):
    """With tokens, a request without one is 401 and UNAUTHENTICATED, one with it reads its tenant."""
    config = {"tokens": [{"name": "a", "token": "secret", "tenant": "acme", "scopes": ["read"]}]}
    with RunningClew(tmp_path, config=config, token="secret") as running:
        port = running.ports["listen.tempo"]
        tempo = connect(f"http://127.0.0.1:{port}")
        assert tempo.get("/api/search").status == 401
        bearer = {"Authorization": "Bearer secret"}
        assert tempo.get("/api/search", headers=bearer).status == 200
        assert tempo.get("/api/search", headers={**bearer, "X-Scope-OrgID": "acme"}).status == 200
        assert tempo.get("/api/search", headers={**bearer, "X-Scope-OrgID": "default"}).status == 403
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            search = method(channel, "Search", pb.SearchResponse)
            with pytest.raises(grpc.RpcError) as caught:
                list(search(pb.SearchRequest()))
            assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
            assert list(search(pb.SearchRequest(), metadata=(("authorization", "Bearer secret"),)))
