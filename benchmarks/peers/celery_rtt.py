# This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
"""A task's round trip with Celery on Redis, one in flight: `celery_rtt.py PORT COUNT`; prints one JSON object."""
import json
import os
import subprocess
import sys
import time
from importlib.metadata import version

from celery import Celery

port = os.environ.get("CELERY_REDIS_PORT") or sys.argv[1]
app = Celery("celery_rtt", broker=f"redis://127.0.0.1:{port}/1", backend=f"redis://127.0.0.1:{port}/2")
app.conf.worker_prefetch_multiplier = 1


@app.task(name="nothing")
def nothing(payload):
    return payload


def main(count):
    here = os.path.dirname(os.path.abspath(__file__))
    worker = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "celery_rtt", "worker", "--concurrency", "1", "--loglevel", "ERROR",
         "--without-gossip", "--without-mingle", "--without-heartbeat"],
        cwd=here, env=dict(os.environ, CELERY_REDIS_PORT=port), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)
    try:
        nothing.delay("x" * 64).get(timeout=60)
        times = []
        for _ in range(count + 20):
            start = time.perf_counter()
            nothing.delay("x" * 64).get(timeout=30)
            times.append((time.perf_counter() - start) * 1e6)
        times = sorted(times[20:])
        print(json.dumps({
            "what": "celery-rtt", "count": count, "p50_us": times[count // 2], "p99_us": times[count * 99 // 100],
            "celery": version("celery"),
        }))
    finally:
        worker.terminate()
        worker.wait(20)


if __name__ == "__main__":
    main(int(sys.argv[2]))
