#!/bin/sh
# This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
#
# Installs the vendor's SDK into a virtual environment in the user's cache and prints the path of its Python. An
# environment that is there is used again, and an installation that ran out of time is gone on with by the next call.
#
# usage: install.sh SECONDS
set -eu

version=2.0.537
cache="${XDG_CACHE_HOME:-${HOME:-${TMPDIR:-/tmp}}/.cache}/weft/xpander-sdk-$version"
if [ -e "$cache/ready" ]; then
    echo "$cache/bin/python"
    exit 0
fi
command -v python3 >/dev/null || { echo "python3 is not installed" >&2; exit 1; }
mkdir -p "$cache"
timeout "$1" sh -c '
    set -eu
    [ -x "$1/bin/pip" ] || python3 -m venv "$1"
    "$1/bin/pip" install --quiet --no-compile --no-deps --no-input --disable-pip-version-check --retries 1 \
        --requirement "$2"
    touch "$1/ready"
' sh "$cache" "${0%/*}/requirements.txt" >&2 || { echo "it could not be installed from PyPI within $1 s" >&2; exit 1; }
echo "$cache/bin/python"
