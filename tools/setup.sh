#!/usr/bin/env bash
# Makes .venv with clew in it. Says what is missing, does nothing that is already done.
set -euo pipefail
cd "$(dirname "$0")/.."
PYTHON=${PYTHON:-python3.11}

missing=()
command -v "$PYTHON" >/dev/null || missing+=("Python 3.11 or newer (looked for '$PYTHON'; another one: make setup PYTHON=python3.12)")
command -v cargo >/dev/null || missing+=("Rust with cargo (https://rustup.rs)")
command -v node >/dev/null || missing+=("Node.js 20 or newer")
command -v npm >/dev/null || missing+=("npm (comes with Node.js)")
if ((${#missing[@]})); then
  echo "clew: this machine lacks what the build needs:" >&2
  printf '  - %s\n' "${missing[@]}" >&2
  exit 1
fi
"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  echo "clew: $("$PYTHON" --version) is too old, 3.11 or newer is needed (make setup PYTHON=python3.12)" >&2
  exit 1
}
major=$(node -p 'process.versions.node.split(".")[0]')
((major >= 20)) || { echo "clew: Node.js $(node --version) is too old, 20 or newer is needed" >&2; exit 1; }

[ -x .venv/bin/python ] || { echo "clew: making .venv"; "$PYTHON" -m venv .venv; }
[ -x .venv/bin/uv ] || .venv/bin/pip install --quiet --disable-pip-version-check "uv>=0.5"

sum() { sha256sum "$@" 2>/dev/null | sha256sum | cut -d' ' -f1; }
packages=$(sum pyproject.toml requirements.lock)
if [ "$(cat .venv/.packages 2>/dev/null)" != "$packages" ]; then
  echo "clew: installing Python packages"
  .venv/bin/uv pip sync --quiet --python .venv/bin/python requirements.lock
  rm -f .venv/.native
  echo "$packages" >.venv/.packages
fi

mapfile -t sources < <(find native/src native/Cargo.toml native/Cargo.lock pyproject.toml sdk/python/pyproject.toml tools/build_backend.py -type f | sort)
native=$(sum "${sources[@]}")
if [ "$(cat .venv/.native 2>/dev/null)" != "$native" ] || ! .venv/bin/python -c 'import clew._native' 2>/dev/null; then
  echo "clew: building the native code and the UI"
  .venv/bin/uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --reinstall-package clew --reinstall-package clew-sdk -e . -e sdk/python
  echo "$native" >.venv/.native
fi
.venv/bin/python tools/build_backend.py
