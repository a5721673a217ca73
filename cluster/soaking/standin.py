# This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
"""The stand-in platform as people see it: plain HTTP."""

import http.client
import json
import urllib.parse


class StandIn:
    """A client of one stand-in; each thread has its own."""

    def __init__(self, url, timeout=60):
        self._address = urllib.parse.urlsplit(url).netloc
        self._timeout = timeout
        self._connection = None

    def submit(self, task):
        """Hands over a task; one that is there already is fine, since its answer may have been lost."""
        status, body = self._send("POST", "/tasks", {"id": task, "agent_id": "soak", "text": "a task of the soak"})
        if status not in (201, 409):
            raise RuntimeError("the stand-in refused the task %s with %d: %s" % (task, status, body))

    def statistics(self):
        return self._get("/stats")

    def tasks(self):
        """Every task with every update, oldest first."""
        return self._get("/tasks")

    def fault(self, description):
        status, body = self._send("POST", "/control/faults", description)
        if status != 200:
            raise RuntimeError("the stand-in refused the fault %s with %d: %s" % (description, status, body))

    def _get(self, path):
        status, body = self._send("GET", path)
        if status != 200:
            raise RuntimeError("the stand-in answered GET %s with %d: %s" % (path, status, body))
        return body

    def _send(self, method, path, body=None):
        data = None if body is None else json.dumps(body)
        for attempt in (1, 2, 3):
            try:
                if self._connection is None:
                    self._connection = http.client.HTTPConnection(self._address, timeout=self._timeout)
                self._connection.request(method, path, data, {"Content-Type": "application/json"})
                answer = self._connection.getresponse()
                content = answer.read()
                return answer.status, json.loads(content) if content else None
            except (OSError, http.client.HTTPException):
                # The connection may have been closed while it was idle.
                if self._connection is not None:
                    self._connection.close()
                self._connection = None
                if attempt == 3:
                    raise
