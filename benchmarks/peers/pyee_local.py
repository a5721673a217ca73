# This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
"""pyee on asyncio in one process: emits with history, each awaiting one asynchronous listener; prints one JSON object."""
import asyncio
import collections
import json
import sys
import time
from importlib.metadata import version

from pyee.asyncio import AsyncIOEventEmitter


async def main(emits):
    bus = AsyncIOEventEmitter()
    history = collections.deque(maxlen=100)
    handled = 0

    @bus.on("user:login")
    async def login(user, number):
        nonlocal handled
        handled += number

    start = time.perf_counter()
    for _ in range(emits):
        history.append((time.time(), "user:login", ("john_doe", 1)))
        bus.emit("user:login", "john_doe", 1)
        await bus.wait_for_complete()
    seconds = time.perf_counter() - start
    assert handled == emits, "an emit was lost"
    print(json.dumps({"what": "pyee-local", "emits": emits, "per_second": emits / seconds, "pyee": version("pyee")}))


asyncio.run(main(int(sys.argv[1])))
