#!/usr/bin/env bash
# Prints the class path of an Apache Kafka broker; fails where there is no Java or Maven, or it cannot be had.
set -euo pipefail
for tool in java mvn; do command -v $tool >/dev/null || exit 1; done
out=$(mktemp)
trap 'rm -f "$out"' EXIT
path() { timeout "$1" mvn -q -B -f "${0%.sh}.pom.xml" "${@:2}" dependency:build-classpath "-Dmdep.outputFile=$out" >&2 </dev/null; }
if ! path 60 -o 2>/dev/null; then
  echo "clew: fetching Apache Kafka for the tests" >&2
  path 300 || exit 1
fi
cat "$out"
