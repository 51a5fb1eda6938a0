#!/usr/bin/env bash
# Fuzz the native decoders for the given number of seconds, from a new seed each time unless FUZZ_SEED is set.
set -euo pipefail
cd "$(dirname "$0")/.."
export FUZZ_SECONDS=${1:-30} FUZZ_SEED=${FUZZ_SEED:-$((RANDOM * 32768 + RANDOM + 1))}
echo "seed $FUZZ_SEED, $FUZZ_SECONDS seconds"
exec cargo test --quiet --release --manifest-path native/Cargo.toml --test fuzz -- --nocapture
