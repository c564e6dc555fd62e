#!/usr/bin/env bash
# Runs the unit tests of what is pure (places, statistics, texts) under Miri, which finds what no run on a
# processor shows. Takes minutes. Where Miri is missing, it says so and ends well.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! cargo +nightly miri --version >/dev/null 2>&1; then
  echo "skipped: Miri (rustup component add miri --toolchain nightly)"
  exit 0
fi
export MIRIFLAGS="-Zmiri-disable-isolation" CARGO_TARGET_DIR=target/miri
exec cargo +nightly miri test --lib -- place::position place::bbox place::tile place::distance_key \
  statistics::disjoint_set statistics::trend statistics::change_point domain::spreadsheet
