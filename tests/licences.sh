#!/usr/bin/env bash
# The licences, sources and kept-out libraries of deny.toml, and known weaknesses where their database can
# be reached. Where cargo-deny is missing, it says so and ends well.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH="$PWD/target/tools/bin:$PATH"
if ! cargo deny --version >/dev/null 2>&1; then
  echo "skipped: the licences and sources of libraries (cargo-deny is not installed)"
  exit 0
fi
cargo deny --log-level error check licenses bans sources
if ! timeout 30 cargo deny --log-level off fetch db >/dev/null 2>&1; then
  echo "skipped: known weaknesses of libraries (their database cannot be reached)"
  exit 0
fi
cargo deny --log-level error check advisories
