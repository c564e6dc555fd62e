#!/usr/bin/env bash
# Tests the pages in Chromium; each test file starts a service on a temporary store and stops it at the end.
set -euo pipefail
cd "$(dirname "$0")/../.."
if ! command -v chromium >/dev/null; then
  [ "${REQUIRE_PEERS:-}" = 1 ] && { echo "REQUIRE_PEERS=1, but chromium is not installed"; exit 1; }
  echo "skipped: no chromium, so the pages are not tested in a browser"
  exit 0
fi
exec node --test --test-concurrency=1 --test-timeout=240000 tests/browser/*.test.mjs
