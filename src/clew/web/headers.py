"""The headers of every page: a policy that lets nothing in but the UI's own files."""

from __future__ import annotations

_SOURCES = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data: blob:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "worker-src": "'self'",
    "manifest-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
CSP = "; ".join(f"{directive} {sources}" for directive, sources in _SOURCES.items())
"""Content-Security-Policy: no inline script or style, no eval, no other host, no frame."""

SECURITY: tuple[tuple[str, str], ...] = (
    ("content-security-policy", CSP),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ("referrer-policy", "same-origin"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
)
"""Sent with everything that this room serves."""

IMMUTABLE = "public, max-age=31536000, immutable"
"""For names that hold a hash: a changed file has another name."""
REVALIDATE = "no-cache"
"""For the others: ask again, mostly answered 304."""
