# This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
"""The handlers' own log: what really ran."""

import collections
import threading

Run = collections.namedtuple("Run", "kind task attempt pid worker")


def parse(line):
    """One line of the log; None for a line that is none."""
    parts = line.split()
    if len(parts) != 5 or parts[0] not in ("begin", "end", "cut"):
        return None
    try:
        return Run(parts[0], parts[1], int(parts[2]), int(parts[3]), parts[4])
    except ValueError:
        return None


class Follower:
    """Follows the log while it grows, and knows which handlers of which worker process run."""

    def __init__(self, path):
        self._file = open(path, "a+b")
        self._file.seek(0)
        self._rest = b""
        self._lock = threading.Lock()
        self._running = collections.defaultdict(dict)
        self.runs = 0

    def running(self, worker):
        """The handlers that a worker process runs now, as pid: task."""
        with self._lock:
            self._read()
            return dict(self._running[worker])

    def forget(self, worker):
        """The worker process is gone, and nothing of it counts as running."""
        with self._lock:
            self._read()
            self._running.pop(worker, None)

    def _read(self):
        data = self._rest + self._file.read()
        *lines, self._rest = data.split(b"\n")
        for line in lines:
            run = parse(line.decode("utf-8", "replace"))
            if run is None:
                continue
            if run.kind == "begin":
                self.runs += 1
                self._running[run.worker][run.pid] = run.task
            else:
                self._running[run.worker].pop(run.pid, None)
