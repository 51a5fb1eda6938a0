#!/usr/bin/env bash
# Prints the path of OpenTelemetry's Java agent; fails where there is no JDK or Maven, or it cannot be had.
set -euo pipefail
version=2.33.0
for tool in java javac mvn; do command -v $tool >/dev/null || { echo "clew: $tool is not installed" >&2; exit 1; }; done
jar=${HOME}/.m2/repository/io/opentelemetry/javaagent/opentelemetry-javaagent/$version/opentelemetry-javaagent-$version.jar
if ! [ -s "$jar" ]; then
  echo "clew: fetching OpenTelemetry's Java agent" >&2
  timeout 120 mvn -q -B dependency:get -Dtransitive=false \
    -Dartifact=io.opentelemetry.javaagent:opentelemetry-javaagent:$version >&2 </dev/null || exit 1
fi
[ -s "$jar" ] && echo "$jar"
