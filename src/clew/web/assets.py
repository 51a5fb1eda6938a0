"""The files of the built UI, indexed once: nothing but what the index holds can be served."""

from __future__ import annotations

import hashlib
import mimetypes
import re
from dataclasses import dataclass, field
from pathlib import Path

STATIC = Path(__file__).parent / "static"
"""Where the UI's build puts its output."""
INDEX = "index.html"
_HASHED = re.compile(r"assets/.+[-.][A-Za-z0-9_-]{8,}\.[a-z0-9.]+")
_VARIANTS = {".br": "br", ".gz": "gzip"}
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file and its compressed forms."""

    media_type: str
    immutable: bool
    """Whether the name holds a hash of the content."""
    bodies: dict[str, bytes] = field(repr=False)
    """Content coding (`identity`, `gzip`, `br`) to bytes."""
    etags: dict[str, str]
    """Content coding to entity tag."""


def load(directory: Path) -> dict[str, Asset]:
    """Return the files under `directory` by their path in an address; empty when the UI is not built."""
    if not (directory / INDEX).is_file():
        return {}
    files = {path.relative_to(directory).as_posix(): path for path in sorted(directory.rglob("*")) if path.is_file()}
    return {name: _asset(name, path, files) for name, path in files.items() if not _is_variant(name, files)}


def _is_variant(name: str, files: dict[str, Path]) -> bool:
    suffix = Path(name).suffix
    return suffix in _VARIANTS and name.removesuffix(suffix) in files


def _asset(name: str, path: Path, files: dict[str, Path]) -> Asset:
    bodies = {"identity": path.read_bytes()}
    for suffix, coding in _VARIANTS.items():
        if name + suffix in files:
            bodies[coding] = files[name + suffix].read_bytes()
    digest = hashlib.sha256(bodies["identity"]).hexdigest()[:20]
    return Asset(
        media_type=_TYPES.get(path.suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream",
        immutable=_HASHED.fullmatch(name) is not None,
        bodies=bodies,
        etags={coding: f'"{digest}"' if coding == "identity" else f'"{digest}-{coding}"' for coding in bodies},
    )
