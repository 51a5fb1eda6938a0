"""`make demo`: Clew and the shop in one terminal."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

from clew.config import ListenConfig
from clew.testing.running import free_ports, ports_env
from clew.testing.shop import until

DEMO = Path(__file__).parents[3] / "tools" / "demo.py"


def test_one_command_starts_clew_and_the_shop_and_one_signal_ends_both(tmp_path: Path) -> None:
    """Both are up after one command, people shop, traces arrive, and Ctrl-C leaves no process."""
    keys = ListenConfig().by_key()
    ports = dict(zip(keys, free_ports(len(keys)), strict=True))
    url = f"http://127.0.0.1:{ports['listen.ui']}"
    env = {
        **os.environ,
        **ports_env(ports),
        "CLEW_DATA_DIR": str(tmp_path / "data"),
        "CLEW_URL": url,
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{ports['listen.otlp_http']}",
    }
    run = tmp_path / "run"
    command = [sys.executable, str(DEMO), "--run", str(run), "--only", "py", "--port", "0", "--control", "0"]
    log = tmp_path / "demo.log"
    with log.open("wb") as out:
        demo = subprocess.Popen([*command, "--rate", "5"], env=env, stdout=out, stderr=out)
    try:
        until(lambda: demo.poll() is not None or (run / "shop.json").exists(), "the shop")
        assert demo.poll() is None, log.read_text()
        told = json.loads((run / "shop.json").read_text())
        running = [one["pid"] for of in told["services"].values() for one in of]
        until(lambda: traces(url, '{ resource.service.name = "catalogue" }'), "the traces of people")
    finally:
        demo.send_signal(signal.SIGINT)
        code = demo.wait(90)
    assert code == 0, log.read_text()
    assert [pid for pid in running if Path(f"/proc/{pid}").exists()] == []
    assert url in log.read_text()
    assert told["gateway"] in log.read_text()


def traces(url: str, query: str) -> list[object]:
    """Return the traces that a search finds."""
    body = json.dumps({"q": query, "from": "now-1h"}).encode()
    request = urllib.request.Request(f"{url}/api/v1/search", body, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        found: list[object] = json.loads(answer.read())["data"]["traces"]
    return found
