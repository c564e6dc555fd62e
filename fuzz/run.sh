#!/usr/bin/env bash
# Lets the coverage-guided fuzzer run on parsers: fuzz/run.sh [SECONDS [NAME…]], by default 20 seconds on
# each. Its corpus stays in fuzz/corpus; an input that breaks a parser stays in fuzz/artifacts and fails
# the run. Where cargo-fuzz or a nightly toolchain is missing, it says so and ends well.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH="$PWD/target/tools/bin:$PATH"
if ! cargo +nightly fuzz --version >/dev/null 2>&1; then
  echo "skipped: the coverage-guided fuzzers (they need cargo-fuzz and a nightly toolchain)"
  exit 0
fi
seconds=${1:-20}
[ $# -eq 0 ] || shift
names=("$@")
if [ ${#names[@]} -eq 0 ]; then
  mapfile -t names < <(grep -o 'name: "[a-z0-9_]*"' fuzz/parsers.rs | cut -d'"' -f2)
fi
# No sanitizer: this program has no unsafe code. What is looked for are panics and endless work.
cargo +nightly fuzz build --sanitizer none parser
for name in "${names[@]}"; do
  echo "fuzz: $name, $seconds s"
  mkdir -p "fuzz/corpus/$name" "fuzz/artifacts/$name"
  FUZZ_PARSER=$name cargo +nightly fuzz run --sanitizer none parser "fuzz/corpus/$name" -- \
    -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -max_len=65536 -print_final_stats=1 \
    -artifact_prefix="fuzz/artifacts/$name/" >"target/fuzz-$name.txt" 2>&1 ||
    { tail -30 "target/fuzz-$name.txt"; exit 1; }
  grep -E "stat::(number_of_executed_units|peak_rss_mb)" "target/fuzz-$name.txt" || true
done
