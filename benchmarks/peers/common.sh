# This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
# What the peers' scripts share. Debian's packages are unpacked under benchmarks/.peers, not installed: nothing else on
# the machine changes, no service starts, and nobody needs to be root.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
store=$here/.peers
debian=$store/debian
triple=$(cc -print-multiarch 2>/dev/null || true)
libraries=$debian/usr/lib/$triple:$debian/lib/$triple
mkdir -p "$store" "$here/bin"

# What is missing is no failure of the benchmark: its rows say so.
absent() {
  echo "$(basename "$0"): skipped: $*" >&2
  exit 75
}

unpack() {
  command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || absent "Debian's packages can't be had here"
  mkdir -p "$store/debs" "$debian"
  for package in "$@"; do
    ls "$store/debs/$package"_*.deb >/dev/null 2>&1 && continue
    (cd "$store/debs" && apt-get download "$package") >"$store/download.log" 2>&1 ||
      absent "Debian's package $package could not be fetched (apt-get update?)"
    dpkg-deb -x "$store/debs/$package"_*.deb "$debian"
  done
}

python_packages() {
  if [ ! -x "$store/venv/bin/python" ]; then
    python3 -m venv "$store/venv" >"$store/venv.log" 2>&1 || absent "python3 -m venv fails"
  fi
  local mark="$store/venv/has-${1//[^a-z]/-}"
  [ -e "$mark" ] && return
  "$store/venv/bin/python" -m pip install -q --disable-pip-version-check "$@" >"$store/pip.log" 2>&1 ||
    absent "PyPI's $* could not be installed"
  touch "$mark"
}

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# Waits until somebody listens, ten seconds at most, and says where.
announce() {
  local port=$1 server=$2
  for _ in $(seq 200); do
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      echo "{\"port\": $port}"
      return
    fi
    kill -0 "$server" 2>/dev/null || break
    sleep 0.05
  done
  echo "$(basename "$0"): the server did not start" >&2
  exit 1
}

# Serves until standard input ends.
serve_until_told() {
  local port=$1
  shift
  folder=$(mktemp -d)
  (cd "$folder" && LD_LIBRARY_PATH=$libraries exec "$@") >"$store/$(basename "$0").log" 2>&1 </dev/null &
  server=$!
  trap 'kill $server 2>/dev/null || true; wait $server 2>/dev/null || true; rm -rf "$folder"' EXIT
  announce "$port" "$server"
  cat >/dev/null
}
