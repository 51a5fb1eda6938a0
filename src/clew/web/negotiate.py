"""Choosing among the stored forms of a file (RFC 9110, sections 12.5.3 and 13.1.2)."""

from __future__ import annotations

from collections.abc import Collection

_PREFERENCE = ("br", "gzip", "identity")


def coding_for(accept_encoding: str, stored: Collection[str]) -> str:
    """Return the best stored content coding that the client takes; `identity` when it takes none of the others."""
    weights = _weights(accept_encoding)
    others = weights.get("*", 0.0)
    ranked = [
        (weights.get(coding, others), -rank, coding)
        for rank, coding in enumerate(_PREFERENCE)
        if coding in stored and coding != "identity"
    ]
    best = max(ranked, default=(0.0, 0, "identity"))
    return best[2] if best[0] > 0 and best[0] >= weights.get("identity", 0.0) else "identity"


def _weights(header: str) -> dict[str, float]:
    weights: dict[str, float] = {}
    for part in header.split(","):
        name, _, parameter = part.partition(";")
        key, _, value = parameter.partition("=")
        try:
            weight = float(value) if key.strip().lower() == "q" else 1.0
        except ValueError:
            weight = 0.0
        if name.strip():
            weights[name.strip().lower()] = weight
    return weights


def matches(if_none_match: str, etag: str) -> bool:
    """Return whether an `If-None-Match` value names `etag`, compared weakly."""
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return "*" in tags or etag in tags
