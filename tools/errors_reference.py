"""Writes docs/reference/errors.md: every error code, its statuses, whether it may be retried, and the way out."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import clew
from clew.model.errors import ClewError

TARGET = Path(__file__).resolve().parent.parent / "docs" / "reference" / "errors.md"


def subclasses(of: type[ClewError]) -> set[type[ClewError]]:
    """Return every class below `of`."""
    below = set(of.__subclasses__())
    return below.union(*(subclasses(one) for one in below)) if below else below


def main() -> None:
    """Import every errors module, then write the page."""
    for module in pkgutil.walk_packages(clew.__path__, "clew."):
        if module.name.endswith(".errors"):
            importlib.import_module(module.name)
    by_code = {one.code: one for one in sorted(subclasses(ClewError), key=lambda c: c.__name__) if "code" in vars(one)}
    lines = ["# Error codes", "", "Every error that Clew answers with carries one of these codes.", ""]
    for code, one in sorted(by_code.items()):
        first = (one.__doc__ or "").strip().splitlines()[0]
        lines += [
            f"## {code}",
            "",
            first,
            "",
            f"HTTP {one.http_status} · gRPC {one.grpc_status} · {'retryable' if one.retryable else 'not retryable'}",
            "",
        ]
        if one.hint:
            lines += [f"What to do: {one.hint}", ""]
    TARGET.write_text("\n".join(lines))


if __name__ == "__main__":
    main()
