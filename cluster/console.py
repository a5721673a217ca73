# This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
"""What cluster/soak and cluster/lab show on a terminal, and where they find the binary."""

import os
import sys


def find_weft(root):
    """The binary that WEFT names; otherwise the release build, or else the debug one; None when it can't be run."""
    named = os.environ.get("WEFT")
    candidates = [named] if named else [os.path.join(root, ".build", kind, "weft") for kind in ("release", "debug")]
    found = next((path for path in candidates if os.access(path, os.X_OK)), None)
    return found and os.path.abspath(found)


def progress(text):
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K" + text)
        sys.stderr.flush()


def clear():
    progress("")
