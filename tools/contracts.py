"""Writes every generated file that is committed; with --check, fails when one of them was stale."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WRITERS: dict[str, list[str]] = {
    "src/clew/api/pb": ["tools/protos.py"],
    "schemas/ddl.sql": ["-m", "clew.store.ddl"],
    "schemas/config.schema.json": ["-m", "clew.config.schema"],
    "schemas/metrics.json": ["-m", "clew.telemetry.catalogue"],
    "schemas/openapi.json": ["-m", "clew.api.openapi"],
    "docs/reference/configuration.md": ["tools/options_reference.py", "configuration"],
    "docs/reference/metrics.md": ["tools/options_reference.py", "metrics"],
    "docs/reference/api.md": ["-m", "clew.api.reference"],
    "docs/reference/cli.md": ["-m", "clew.cli.reference"],
    "docs/reference/sql-views.md": ["-m", "clew.query.sql.reference"],
    "docs/reference/errors.md": ["tools/errors_reference.py"],
    "ui/src/api/types.gen.ts": ["tools/gen_ui_api.py"],
}


def content(path: Path) -> bytes:
    """Return the bytes of a file, or of the generated files of a folder."""
    if path.is_dir():
        return b"".join(one.name.encode() + one.read_bytes() for one in sorted(path.glob("*_pb2.py*")))
    return path.read_bytes() if path.exists() else b""


def main() -> int:
    """Run the writers in order: the UI's types come from the OpenAPI document just written.

    A writer prints its file, or writes it (or the folder of that name) itself.
    """
    check = "--check" in sys.argv
    stale = []
    for name, arguments in WRITERS.items():
        path = ROOT / name
        before = content(path)
        printed = subprocess.run([sys.executable, *arguments], cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
        if printed:
            path.write_bytes(printed)
        if content(path) != before:
            stale.append(name)
    for name in stale:
        print(f"{name} was stale and has been written anew" + ("; commit it" if check else ""))
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
