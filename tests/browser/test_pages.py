from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from clew.testing import RunningClew

ROOT = Path(__file__).parents[2]


@pytest.mark.browser
@pytest.mark.timeout(900)
def test_the_pages_in_a_real_browser(tmp_path: Path) -> None:
    """Everything in ui/e2e passes in Chromium, against a running Clew and traces of real SDKs.

    Screenshots are kept in artifacts/browser.
    """
    npm = shutil.which("npm")
    assert npm
    with RunningClew(tmp_path) as clew:
        found = {"CLEW_URL": clew.url, "CLEW_OTLP_URL": clew.otlp_http_url, "PYTHON": sys.executable}
        done = subprocess.run(
            [npm, "run", "--silent", "e2e"],
            cwd=ROOT / "ui",
            env={**os.environ, **found, "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{done.stdout[-12000:]}\n{done.stderr[-4000:]}"
        assert clew.stop() == 0, clew.log()
