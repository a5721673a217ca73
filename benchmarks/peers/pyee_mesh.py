# This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
"""pyee mirrored to another process with pyzmq and JSON, a struct of six fields; prints one JSON object."""
import json
import os
import sys
import time
from importlib.metadata import version

import zmq
from pyee.base import EventEmitter

ORDER = {
    "id": "o-1842", "customer": "john_doe", "quantity": 3, "price": 19.95, "isPaid": True, "tags": ["new", "gift"],
}


def receive(endpoint, events, report):
    bus = EventEmitter()
    seen = 0

    @bus.on("bench:order")
    def count(order):
        nonlocal seen
        seen += 1

    context = zmq.Context()
    subscriber = context.socket(zmq.SUB)
    subscriber.rcvhwm = 10000
    subscriber.subscribe(b"")
    subscriber.connect(endpoint)
    first = None
    while seen < events:
        name, _, body = subscriber.recv_multipart()
        bus.emit(name.decode(), json.loads(body))
        if first is None:
            first = time.perf_counter()
    os.write(report, repr(time.perf_counter() - first).encode())
    os._exit(0)


def main(events):
    report, writer = os.pipe()
    endpoints, endpoint = os.pipe()
    if os.fork() == 0:
        receive(os.read(endpoints, 64).decode(), events, writer)
    context = zmq.Context()
    publisher = context.socket(zmq.XPUB)
    publisher.sndhwm = 10000
    publisher.setsockopt(zmq.XPUB_NODROP, 1)
    port = publisher.bind_to_random_port("tcp://127.0.0.1")
    os.write(endpoint, f"tcp://127.0.0.1:{port}".encode())
    publisher.recv()
    bus = EventEmitter()

    @bus.on("bench:order")
    def mirror(order):
        publisher.send_multipart([b"bench:order", b"\0" * 24, json.dumps(order).encode()])

    for _ in range(events):
        bus.emit("bench:order", ORDER)
    seconds = float(os.read(report, 64))
    os.wait()
    print(json.dumps({
        "what": "pyee-mesh", "events": events, "per_second": (events - 1) / seconds, "pyee": version("pyee"),
        "pyzmq": zmq.__version__,
    }))


main(int(sys.argv[1]))
