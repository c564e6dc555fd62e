#!/usr/bin/env bash
# Installs what the tests need, by apt and pip where that is possible, and says plainly what is missing.
set -u
cd "$(dirname "$0")/.."
command -v node >/dev/null || { echo "missing: Node.js 20 or newer (the page and its tests)"; exit 1; }
command -v cargo >/dev/null || { echo "missing: Rust 1.90 or newer"; exit 1; }

want=()
command -v chromium >/dev/null || want+=(chromium)
command -v sqlite3 >/dev/null || want+=(sqlite3)
command -v curl >/dev/null || want+=(curl)
command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] || want+=(nginx-light)
command -v valgrind >/dev/null || want+=(valgrind)
command -v wrk >/dev/null || want+=(wrk)
command -v ogrinfo >/dev/null || want+=(gdal-bin)
/usr/bin/python3 -c 'import qgis.core' 2>/dev/null || want+=(qgis python3-qgis qgis-providers)
command -v cc >/dev/null || want+=(gcc libc6-dev)
python3 -c 'import ensurepip' 2>/dev/null || want+=(python3-venv)
if [ ${#want[@]} -gt 0 ]; then
  sudo=""
  [ "$(id -u)" -eq 0 ] || sudo="sudo -n"
  installed=no
  if command -v apt-get >/dev/null && $sudo true 2>/dev/null; then
    echo "installing: ${want[*]}"
    export DEBIAN_FRONTEND=noninteractive
    $sudo apt-get update -qq && $sudo apt-get install -y -qq --no-install-recommends "${want[@]}" >/dev/null && installed=yes
  fi
  [ $installed = yes ] || echo "missing, please install: ${want[*]} (tests that need them are skipped aloud)"
fi

# esda, scikit-learn, scipy and h3, which compute our statistics again, and clients of our protocols, in a
# folder of their own.
python=target/python
if ! cmp -s tests/requirements.txt "$python/requirements.txt"; then
  echo "installing: $(tr '\n' ' ' < tests/requirements.txt)"
  rm -rf "$python"
  python3 -m venv "$python" && "$python/bin/pip" install --quiet --requirement tests/requirements.txt &&
    cp tests/requirements.txt "$python/" ||
    { rm -rf "$python"; echo "missing: Python packages of tests/requirements.txt (the tests that need them are skipped aloud)"; }
fi

# cargo-deny and cargo-fuzz, built, in a folder of their own.
tools=target/tools
if ! command -v cargo-deny >/dev/null || ! command -v cargo-fuzz >/dev/null; then
  [ -x $tools/bin/cargo-deny ] || {
    echo "installing: cargo-deny cargo-fuzz"
    python3 -m venv $tools && $tools/bin/pip install --quiet --requirement tests/tools.txt ||
      { rm -rf $tools; echo "missing: cargo-deny, cargo-fuzz (their checks are skipped aloud)"; }
  }
fi
exit 0
