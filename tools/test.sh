#!/usr/bin/env bash
# Every test: native, Python (with the coverage gate), UI, browser.
set -euo pipefail
cd "$(dirname "$0")/.."
echo "== native"
cargo test --quiet --release --manifest-path native/Cargo.toml
echo "== UI"
npm --prefix ui test --silent
echo "== Python"
left=()
if CHROMIUM=$(tools/chromium.sh); then
  export CHROMIUM
  for sdk in node web; do [ -d tests/sdk/$sdk/node_modules ] || npm --prefix tests/sdk/$sdk ci --silent; done
else
  left+=("browser: Chromium was not found and could not be installed: apt-get install chromium, or set CHROMIUM=/path")
fi
if ! (cd examples/shop && ../../.venv/bin/python -m shop.build); then
  left+=("polyglot: Go, a JDK and Maven are needed, and what the services of the shop are built of; see above")
fi
if CLEW_TEST_KAFKA=$(tools/kafka.sh); then
  export CLEW_TEST_KAFKA
else
  left+=("kafka: Java and Maven are needed, and Apache Kafka from Maven Central")
fi
if CLEW_TEST_POSTGRES=$(tools/postgres.sh); then
  export CLEW_TEST_POSTGRES
else
  left+=("postgres: PostgreSQL was not found and could not be installed: apt-get install postgresql, or set POSTGRES_BIN=/path")
fi
marks=$(printf 'not %s and ' "${left[@]%%:*}")
# Two workers, a file to one worker: many tests wait for processes, and the engine takes one directory per process.
# Instances of Clew that many tests share are measured too.
export CLEW_COVERAGE_RC=$PWD/pyproject.toml COVERAGE_FILE=$PWD/.coverage
# Tests run in random order, so that none leans on another; a commit in CI always in the same one, so that its result can be repeated.
seed=()
if [ -n "${CI:-}" ]; then seed=("--randomly-seed=$(git log -1 --format=%ct)"); fi
.venv/bin/python -m pytest "${seed[@]}" ${left:+-m "${marks% and }"} -n 2 --dist loadfile --cov --cov-report=term:skip-covered --cov-fail-under=90 -q
for one in "${left[@]}"; do
  printf '\n!!! NOT RUN: the %s tests. %s.\n\n' "${one%%:*}" "${one#*: }" >&2
done
