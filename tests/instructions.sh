#!/usr/bin/env bash
# Counts the instructions of the hot paths (benches/hot.rs) and compares them with the counts in
# benches/instructions.txt: a path that takes over a tenth more fails. `--write` replaces the counts;
# commit them with the change that explains them.
set -euo pipefail
cd "$(dirname "$0")/.."
known=benches/instructions.txt
if ! command -v valgrind >/dev/null; then
  [ "${REQUIRE_PEERS:-}" = 1 ] && { echo "REQUIRE_PEERS=1, but valgrind is not installed"; exit 1; }
  echo "skipped: no valgrind, so instructions are not counted"
  exit 0
fi
program=$(cargo bench --quiet --bench hot --no-run --message-format=json |
  sed -n 's/.*"executable":"\([^"]*\/hot-[^"]*\)".*/\1/p' | tail -n 1)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
valgrind --tool=callgrind --collect-atstart=no --toggle-collect='hot::path_*' \
  --callgrind-out-file="$work/out" "$program" >"$work/log" 2>&1 || { tail -n 20 "$work/log"; exit 1; }
callgrind_annotate --inclusive=yes --threshold=100 "$work/out" 2>/dev/null |
  sed -n 's/^ *\([0-9,]*\) .*hot::path_\([a-z0-9_]*\).*/\2 \1/p' | tr -d , | sort -u -k1,1 >"$work/now"
paths=$(grep -c "^fn path_" benches/hot.rs)
[ "$(wc -l <"$work/now")" -eq "$paths" ] || { echo "not all of $paths paths were found:"; cat "$work/now"; exit 1; }
if [ "${1:-}" = --write ]; then
  cp "$work/now" "$known"
  cat "$known"
  exit 0
fi
awk '
  NR == FNR { was[$1] = $2; next }
  !($1 in was) { print "instructions: " $1 " is not in benches/instructions.txt"; bad = 1; next }
  { seen++; growth = $2 / was[$1] - 1 }
  growth > 0.10 { printf "instructions: %s takes %.0f %% more, %d instead of %d\n", $1, growth * 100, $2, was[$1]; bad = 1 }
  growth < -0.10 { printf "instructions: %s takes %.0f %% less; tests/instructions.sh --write keeps the new count\n", $1, -growth * 100 }
  END {
    if (bad) { print "instructions: fix it, or run tests/instructions.sh --write and commit the file with the reason"; exit 1 }
    printf "instructions: %d paths compared with benches/instructions.txt\n", seen
  }' "$known" "$work/now"
