from __future__ import annotations

import os
from collections.abc import AsyncIterator, MutableMapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from structlog.testing import capture_logs

from clew.web import Site, mount
from clew.web.headers import CSP
from clew.web.negotiate import coding_for, matches

_SCRIPT = "assets/index-BxK3f9aQ.js"


@pytest.fixture
def static(tmp_path: Path) -> Path:
    """A built UI, and a secret beside it."""
    root = tmp_path / "static"
    (root / "assets").mkdir(parents=True)
    (root / "index.html").write_text("<!doctype html><title>Clew</title>")
    (root / "favicon.svg").write_text("<svg/>")
    for suffix, content in (("", "script"), (".br", "script-br"), (".gz", "script-gz")):
        (root / (_SCRIPT + suffix)).write_text(content)
    (tmp_path / "secret.txt").write_text("hidden")
    return root


def _connect(app: Starlette) -> httpx.AsyncClient:
    headers = {"accept-encoding": "identity"}
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost", headers=headers)


@pytest.fixture
async def client(static: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A browser in front of an application with one route of its own."""
    app = Starlette(routes=[Route("/api/v1/status", lambda _: PlainTextResponse("api"))])
    mount(app, static)
    async with _connect(app) as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/index.html", "/trace/0af7651916cd43dd8448eb211c80319c", "/explore?q=%7B%7D"])
async def test_every_address_of_the_ui_is_the_page(client: httpx.AsyncClient, path: str) -> None:
    """A link into the UI opens, reloads and is never cached without asking."""
    answer = await client.get(path)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "<title>Clew</title>" in answer.text


async def test_the_api_comes_first(client: httpx.AsyncClient) -> None:
    """Routes of the application are not hidden by the UI, and unknown ones under them are 404, not the page."""
    assert (await client.get("/api/v1/status")).text == "api"
    for path in ("/api/v1/nothing", "/api", "/metrics", "/healthz", "/readyz", "/assets/nothing-12345678.js"):
        answer = await client.get(path, headers={"accept": "text/html"})
        assert answer.status_code == 404
        assert answer.json()["status"] == 404


async def test_hashed_files_are_immutable_and_others_are_not(client: httpx.AsyncClient) -> None:
    """A name with a hash is cached for a year; any other file is asked for again."""
    assert (await client.get(f"/{_SCRIPT}")).headers["cache-control"] == "public, max-age=31536000, immutable"
    assert (await client.get("/favicon.svg")).headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    ("accept", "body", "coding"),
    [
        ("gzip, deflate, br", b"script-br", "br"),
        ("gzip", b"script-gz", "gzip"),
        ("br;q=0.1, gzip", b"script-gz", "gzip"),
        ("br;q=0, *", b"script-gz", "gzip"),
        ("identity", b"script", None),
        ("", b"script", None),
        ("zstd", b"script", None),
        ("br;q=nonsense", b"script", None),
        ("gzip;q=0.5, identity", b"script", None),
    ],
)
async def test_the_best_stored_form_is_sent(
    client: httpx.AsyncClient, accept: str, body: bytes, coding: str | None
) -> None:
    """The files compressed at build time are sent to whoever takes them, and caches are told."""
    async with client.stream("GET", f"/{_SCRIPT}", headers={"accept-encoding": accept}) as answer:
        assert b"".join([part async for part in answer.aiter_raw()]) == body
    assert answer.headers.get("content-encoding") == coding
    assert answer.headers["vary"] == "accept-encoding"


async def test_an_unchanged_file_is_304(client: httpx.AsyncClient) -> None:
    """A matching entity tag saves the body; each form has its own."""
    plain = await client.get("/", headers={"accept-encoding": "identity"})
    etag = plain.headers["etag"]
    for sent in (etag, f"W/{etag}", f'"x", {etag}', "*"):
        answer = await client.get("/", headers={"if-none-match": sent, "accept-encoding": "identity"})
        assert (answer.status_code, answer.content) == (304, b"")
    assert (await client.get("/", headers={"if-none-match": '"x"'})).status_code == 200
    async with client.stream("GET", f"/{_SCRIPT}", headers={"accept-encoding": "br"}) as answer:
        br = answer.headers["etag"]
    assert br != (await client.get(f"/{_SCRIPT}", headers={"accept-encoding": "identity"})).headers["etag"]


@pytest.mark.parametrize("path", ["/", f"/{_SCRIPT}", "/api/nothing", "/favicon.svg"])
async def test_every_answer_carries_the_security_headers(client: httpx.AsyncClient, path: str) -> None:
    """No inline script, no other host, no framing, no sniffing."""
    headers = (await client.get(path)).headers
    assert headers["content-security-policy"] == CSP
    assert "unsafe" not in CSP
    assert "default-src 'none'" in CSP
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/assets/..%2f..%2fsecret.txt",
        "//etc/passwd",
        "/assets/%00",
        "/..\\secret.txt",
    ],
)
async def test_nothing_outside_is_served(client: httpx.AsyncClient, path: str) -> None:
    """Only what the index of built files holds can be read."""
    assert b"hidden" not in (await client.get(path)).content


@pytest.mark.parametrize("path", ["/missing.png", "/missing.js"])
async def test_a_missing_file_is_404_unless_a_page_is_asked_for(client: httpx.AsyncClient, path: str) -> None:
    """A broken image is not answered with the page; a page whose address holds a dot is."""
    assert (await client.get(path)).status_code == 404
    assert (await client.get(path, headers={"accept": "text/html,*/*"})).status_code == 200


async def test_only_get_and_head(client: httpx.AsyncClient) -> None:
    """HEAD answers without a body; anything that writes is 405."""
    head = await client.head("/")
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) > 0
    answer = await client.post("/")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


async def test_without_built_files_a_page_says_how_to_build(tmp_path: Path) -> None:
    """API only, one clear warning, and a page that names the command."""
    app = Starlette()
    with capture_logs() as logs:
        site = mount(app, tmp_path / "missing")
    assert [(log["log_level"], "make ui" in log["event"]) for log in logs] == [("warning", True)]
    assert not site.built
    async with _connect(app) as client:
        answer = await client.get("/")
    assert answer.status_code == 503
    assert "make ui" in answer.text
    assert answer.headers["cache-control"] == "no-store"


async def test_a_new_build_is_served_without_a_restart(static: Path, client: httpx.AsyncClient) -> None:
    """Replacing the files while Clew runs takes effect with the next page load."""
    assert "Clew" in (await client.get("/")).text
    (static / "index.html").write_text("<title>New</title>")
    os.utime(static / "index.html", ns=(1, 1))
    assert "New" in (await client.get("/")).text


async def test_a_websocket_is_closed(static: Path) -> None:
    """The UI opens none; one that comes anyway is closed, not left hanging."""
    sent: list[dict[str, object]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(dict(message))

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "websocket.connect"}

    await Site(static)({"type": "websocket", "path": "/ws", "headers": []}, receive, send)
    assert [message["type"] for message in sent] == ["websocket.close"]


@given(st.text(max_size=40), st.lists(st.sampled_from(["br", "gzip", "identity"]), unique=True))
def test_any_header_gives_a_stored_form(accept: str, stored: list[str]) -> None:
    """Whatever the client sends, the chosen form exists."""
    assert coding_for(accept, {*stored, "identity"}) in {*stored, "identity"}


def test_entity_tags_are_compared_whole() -> None:
    """A tag does not match by a part of it."""
    assert not matches('"ab"', '"abc"')
    assert not matches("", '"abc"')
