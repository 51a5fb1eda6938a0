"""Two tenants of one Clew who use the same trace id and the same names."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from clew.testing import RunningClew

TRACE = "5eed" * 8
DELETED = "de1e7edde1e7edde1e7edde1e7eddead"
TENANTS = ("crimson", "azure")
TOKENS = [
    *({"name": tenant, "token": f"{tenant}-s3cret", "tenant": tenant} for tenant in TENANTS),
    {"name": "agent", "token": "agent-s3cret", "tenant": "azure", "scopes": ["ingest"]},
]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningClew]:
    """Run Clew with a span of each tenant."""
    with RunningClew(tmp_path_factory.mktemp("tenants"), config={"tokens": TOKENS}, token="crimson-s3cret") as running:
        for number, tenant in enumerate(TENANTS):
            _send(running, tenant, f"{tenant}-s3cret", number + 1)
        running.wait_stored(2)
        yield running


def _send(clew: RunningClew, service: str, token: str, number: int, trace: str = TRACE) -> None:
    now = time.time_ns()
    span = {
        "traceId": trace, "spanId": f"{number:016x}", "name": service, "kind": 2,
        "startTimeUnixNano": str(now), "endTimeUnixNano": str(now + 5),
        "attributes": [{"key": f"{service}.secret", "value": {"stringValue": service}}],
    }  # fmt: skip
    owner = {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]}
    body = {"resourceSpans": [{"resource": owner, "scopeSpans": [{"spans": [span]}]}]}
    path = clew.directory / f"{service}.json"
    path.write_text(json.dumps(body))
    done = clew.clew("import", str(path), "--endpoint", clew.otlp_http_url, "--token", token)
    assert done.returncode == 0, done.stderr


def _get(clew: RunningClew, tenant: str, path: str, body: dict[str, Any] | None = None) -> str:
    sent = None if body is None else json.dumps(body).encode()
    headers = {"authorization": f"Bearer {tenant}-s3cret"}
    return clew.fetch(f"/api/v1{path}", sent, headers).decode()


@pytest.mark.parametrize("tenant", TENANTS)
@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"/traces/{TRACE}/summary", None),
        (f"/traces/{TRACE}/spans", None),
        (f"/traces/{TRACE}/export", None),
        ("/search", {"q": "{ }"}),
        ("/services", None),
        ("/sql", {"sql": "SELECT service, name FROM spans"}),
    ],
)
def test_a_tenant_reads_its_own_rows_alone(
    shared: RunningClew, tenant: str, path: str, body: dict[str, Any] | None
) -> None:
    """Every way to read gives a tenant its span, and nothing that the other one sent under the same trace id."""
    (other,) = (one for one in TENANTS if one != tenant)
    answer = _get(shared, tenant, path, body)
    assert tenant in answer
    assert other not in answer


def test_a_token_for_ingest_reads_nothing(shared: RunningClew) -> None:
    """A token without the scope `read` is refused by name, and what it may do instead is said."""
    done = shared.clew("query", "--url", shared.url, "--token", "agent-s3cret")
    assert done.returncode == 5
    assert "agent" in done.stderr
    assert "read" in done.stderr


def test_deleting_a_trace_leaves_the_trace_of_the_other_tenant(shared: RunningClew) -> None:
    """`clew delete` removes the trace of the token's tenant alone."""
    _send(shared, "crimson", "crimson-s3cret", 3, DELETED)
    _send(shared, "azure", "agent-s3cret", 4, DELETED)
    shared.wait_stored(4)
    done = shared.clew("delete", "--trace", DELETED, "--yes", "--url", shared.url, "--token", "crimson-s3cret")
    assert done.returncode == 0, done.stderr
    gone = shared.clew("export", "--trace", DELETED, "--url", shared.url, "--token", "crimson-s3cret")
    assert gone.returncode == 4
    left = shared.clew("export", "--trace", DELETED, "--url", shared.url, "--token", "azure-s3cret")
    spans = [
        span["spanId"]
        for group in json.loads(left.stdout)["resourceSpans"]
        for scope in group["scopeSpans"]
        for span in scope["spans"]
    ]
    assert spans == [f"{4:016x}"]
