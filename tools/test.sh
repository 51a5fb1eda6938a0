#!/usr/bin/env bash
# Every test: native, Python (with the coverage gate), UI, browser.
set -euo pipefail
cd "$(dirname "$0")/.."
echo "== native"
cargo test --quiet --release --manifest-path native/Cargo.toml
echo "== UI"
npm --prefix ui test --silent
echo "== Python"
browser=(-m "not browser")
if CHROMIUM=$(tools/chromium.sh); then
  export CHROMIUM
  [ -d tests/sdk/node/node_modules ] || npm --prefix tests/sdk/node ci --silent
  browser=()
fi
# Two workers, a file to one worker: many tests wait for processes, and the engine takes one directory per process.
.venv/bin/python -m pytest "${browser[@]}" -n 2 --dist loadfile --cov --cov-report=term:skip-covered --cov-fail-under=90 -q
if [ -z "${CHROMIUM:-}" ]; then
  printf '\n!!! NOT RUN: the browser tests. Chromium was not found and could not be installed: apt-get install chromium, or set CHROMIUM=/path.\n\n' >&2
fi
