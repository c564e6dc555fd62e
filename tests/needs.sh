#!/usr/bin/env bash
# Installs what the tests need by apt where that is possible, and says plainly what is missing.
set -u
want=()
command -v chromium >/dev/null || want+=(chromium)
command -v sqlite3 >/dev/null || want+=(sqlite3)
command -v valgrind >/dev/null || want+=(valgrind)
dpkg -s python3-venv >/dev/null 2>&1 || python3 -m venv --help >/dev/null 2>&1 || want+=(python3-venv)
command -v cc >/dev/null || want+=(gcc libc6-dev)
command -v node >/dev/null || { echo "missing: Node.js 20 or newer (the page and its tests)"; exit 1; }
command -v cargo >/dev/null || { echo "missing: Rust 1.90 or newer"; exit 1; }
[ ${#want[@]} -eq 0 ] && exit 0
sudo=""
[ "$(id -u)" -eq 0 ] || sudo="sudo -n"
if command -v apt-get >/dev/null && $sudo true 2>/dev/null; then
  echo "installing: ${want[*]}"
  export DEBIAN_FRONTEND=noninteractive
  $sudo apt-get update -qq && $sudo apt-get install -y -qq --no-install-recommends "${want[@]}" >/dev/null && exit 0
fi
echo "missing, please install: ${want[*]} (tests that need them are skipped aloud)"
