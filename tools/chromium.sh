#!/usr/bin/env bash
# Prints the path of an installed Chromium; installs Debian's where that is allowed; fails where there is none.
set -euo pipefail
find_it() { for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
  [ -n "$name" ] && command -v "$name" && return 0
done; return 1; }
find_it && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "clew: installing Chromium for the browser tests" >&2
  (apt-get update && apt-get install -y --no-install-recommends chromium fonts-dejavu-core) >&2 </dev/null || exit 1
  find_it
else
  exit 1
fi
