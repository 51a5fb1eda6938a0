"""PEP 517 backend: builds the UI when its stamp is stale, then hands over to maturin."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import maturin

ROOT = Path(__file__).resolve().parent.parent
UI = ROOT / "ui"
STATIC = ROOT / "src" / "clew" / "web" / "static"
STAMP = UI / ".stamp"


def ui_stamp() -> str:
    """Return the hash of everything the built UI depends on."""
    digest = hashlib.sha256()
    fixed = ("package-lock.json", "package.json", "vite.config.ts", "index.html", "tsconfig.json")
    files = [*(UI / name for name in fixed), *sorted((UI / "src").rglob("*")), *sorted((UI / "public").rglob("*"))]
    for path in files:
        if path.is_file():
            digest.update(str(path.relative_to(UI)).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def build_ui(*, force: bool = False) -> None:
    """Build `ui/` into `clew/web/static` unless it is current, absent (sdist) or CLEW_SKIP_UI=1."""
    if os.environ.get("CLEW_SKIP_UI") == "1" or not (UI / "package.json").exists():
        return
    stamp = ui_stamp()
    if not force and STATIC.exists() and STAMP.exists() and STAMP.read_text() == stamp:
        return
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("clew: building the UI needs Node.js 20 or newer with npm; install it or set CLEW_SKIP_UI=1")
    subprocess.run([npm, "ci", "--no-audit", "--no-fund"], cwd=UI, check=True)
    subprocess.run([npm, "run", "build"], cwd=UI, check=True)
    STAMP.write_text(stamp)


def build_wheel(directory: str, settings: dict[str, Any] | None = None, metadata: str | None = None) -> str:
    """Build the wheel with the UI in it."""
    build_ui()
    return maturin.build_wheel(directory, settings, metadata)


def build_sdist(directory: str, settings: dict[str, Any] | None = None) -> str:
    """Build the sdist with the built UI in it, so that installing from it needs no Node."""
    build_ui()
    return maturin.build_sdist(directory, settings)


def build_editable(directory: str, settings: dict[str, Any] | None = None, metadata: str | None = None) -> str:
    """Build an editable wheel with the UI in the source tree."""
    build_ui()
    return maturin.build_editable(directory, settings, metadata)


get_requires_for_build_wheel = maturin.get_requires_for_build_wheel
get_requires_for_build_sdist = maturin.get_requires_for_build_sdist
get_requires_for_build_editable = maturin.get_requires_for_build_editable
prepare_metadata_for_build_wheel = maturin.prepare_metadata_for_build_wheel
prepare_metadata_for_build_editable = maturin.prepare_metadata_for_build_editable

if __name__ == "__main__":
    build_ui(force="--force" in sys.argv)
