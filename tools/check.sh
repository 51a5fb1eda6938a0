#!/usr/bin/env bash
# Format, lint, types, layers, sizes, contracts. Runs all, then names what failed.
set -uo pipefail
cd "$(dirname "$0")/.."
failed=()
step() {
  local name=$1
  shift
  echo "== $name"
  "$@" || failed+=("$name")
}
bin=.venv/bin
step "format" $bin/ruff format --check --quiet .
step "lint" $bin/ruff check --quiet .
step "types" $bin/mypy
step "native stub" $bin/stubtest clew._native --allowlist tools/stubtest.allow
step "layers" $bin/lint-imports --no-logo
step "sizes" $bin/python tools/sizes.py
step "contracts" $bin/python tools/contracts.py --check
step "native format" cargo fmt --manifest-path native/Cargo.toml --check
step "native lint" cargo clippy --quiet --manifest-path native/Cargo.toml --all-targets --features pyo3/extension-module -- -D warnings
step "UI lint" npm --prefix ui run --silent lint
step "UI types" npm --prefix ui run --silent typecheck
step "UI sizes" npm --prefix ui run --silent size
if ((${#failed[@]})); then
  printf 'clew: failed: %s\n' "${failed[@]}" >&2
  exit 1
fi
