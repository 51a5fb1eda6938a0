#!/usr/bin/env bash
# Prints the folder of PostgreSQL's programs; installs Debian's where that is allowed; fails where there is none.
set -euo pipefail
find_it() { for folder in "${POSTGRES_BIN:-}" /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/bin /usr/local/bin /usr/bin; do
  [ -n "$folder" ] && [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ] && echo "$folder" && return 0
done; return 1; }
find_it && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "clew: installing PostgreSQL for the tests" >&2
  (apt-get update && apt-get install -y --no-install-recommends postgresql) >&2 </dev/null || exit 1
  find_it
else
  exit 1
fi
