#!/usr/bin/env bash
# The page in a real browser, on imported data: a store and a service of its own, both gone at the end.
set -euo pipefail
cd "$(dirname "$0")/../.."
if ! command -v chromium >/dev/null; then
  echo "skipped: no chromium, so the page is not tested in a browser"
  exit 0
fi
exec node --test --test-concurrency=1 --test-timeout=240000 tests/browser/*.test.mjs
