from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from clew.access import (
    Authenticator,
    InvalidTokenError,
    MissingTokenError,
    ScopeDeniedError,
    TokenFileError,
)
from clew.config import TokenConfig
from clew.model import Scope


def _tokens(path: Path) -> list[TokenConfig]:
    path.write_text("from-file\nsecond line\n")
    return [
        TokenConfig(name="value", token="by-value", tenant="a"),
        TokenConfig(name="digest", token_sha256=hashlib.sha256(b"by-digest").hexdigest().upper(), tenant="b"),
        TokenConfig(name="file", token_file=path, tenant="c", scopes={"ingest"}),
    ]


@pytest.fixture
def authenticator(tmp_path: Path) -> Authenticator:
    """One token of each kind, each for its own tenant."""
    return Authenticator(_tokens(tmp_path / "token"))


def test_without_tokens_everybody_is_the_default_tenant() -> None:
    """No token configured: everything is allowed, whatever is sent."""
    authenticator = Authenticator()
    assert not authenticator.required
    for sent in (None, "", "Bearer anything", "nonsense"):
        principal = authenticator.authenticate(sent, "read")
        assert (principal.tenant, principal.name) == ("default", "anonymous")
    assert authenticator.authenticate_token("x", "read").scope == Scope("default")


@pytest.mark.parametrize(
    ("token", "name", "tenant"), [("by-value", "value", "a"), ("by-digest", "digest", "b"), ("from-file", "file", "c")]
)
@pytest.mark.parametrize("form", ["Bearer {}", "bearer {}", "BEARER  {} "])
def test_a_known_token_gives_its_tenant(
    authenticator: Authenticator, token: str, name: str, tenant: str, form: str
) -> None:
    """A token by value, digest or file stands for its tenant, however the scheme is written."""
    principal = authenticator.authenticate(form.format(token), "ingest")
    assert (principal.name, principal.tenant) == (name, tenant)


@pytest.mark.parametrize("sent", [None, "", "   "])
def test_a_missing_token_is_401(authenticator: Authenticator, sent: str | None) -> None:
    """With tokens configured, a request without one is unauthenticated and told what to send."""
    with pytest.raises(MissingTokenError) as caught:
        authenticator.authenticate(sent, "read")
    assert (caught.value.http_status, caught.value.grpc_status, caught.value.retryable) == (
        401,
        "UNAUTHENTICATED",
        False,
    )
    assert "OTEL_EXPORTER_OTLP_HEADERS" in caught.value.hint


@pytest.mark.parametrize(
    "sent", ["Bearer wrong", "Basic by-value", "by-value", "Bearer", "Bearer ", "Bearer \udcff", "Bearer " + "x" * 5000]
)
def test_an_unknown_token_is_401(authenticator: Authenticator, sent: str) -> None:
    """Anything but a known bearer token is unauthenticated."""
    with pytest.raises(InvalidTokenError):
        authenticator.authenticate(sent, "ingest")


def test_a_token_without_the_scope_is_403(authenticator: Authenticator) -> None:
    """A token that only ingests cannot read; the error names token and scope."""
    with pytest.raises(ScopeDeniedError) as caught:
        authenticator.authenticate("Bearer from-file", "read")
    assert (caught.value.http_status, caught.value.grpc_status) == (403, "PERMISSION_DENIED")
    assert (caught.value.name, caught.value.scope) == ("file", "read")


def test_a_cookie_holds_the_bare_token(authenticator: Authenticator) -> None:
    """The browser's session sends the token itself."""
    assert authenticator.authenticate_token("by-value", "read").name == "value"
    with pytest.raises(InvalidTokenError):
        authenticator.authenticate_token("wrong", "read")


@pytest.mark.parametrize(("content", "problem"), [(None, "No such file"), (b"\n", "first line"), (b"\xff", "no text")])
def test_a_token_file_that_cannot_be_used_stops_the_start(tmp_path: Path, content: bytes | None, problem: str) -> None:
    """The error names the token, the file and what is wrong."""
    path = tmp_path / "token"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(TokenFileError, match=problem) as caught:
        Authenticator([TokenConfig(name="t", token_file=path)])
    assert (caught.value.name, caught.value.path) == ("t", str(path))
