# This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
"""Runs one round: feeds the cluster with tasks, breaks it by the plan, waits until it has come to rest."""

import heapq
import itertools
import json
import os
import threading
import time

from soaking import evidence, handlers, processes, standin

# How long a kill waits for at least a tenth of the slots to be busy before it is left out.
PATIENCE = 8.0
# How long there is between two kills at least, when several have waited for something to hit.
BREATH = 0.5
# How long a fault lasts at most: what waits for requests is taken back when they do not come.
FAULT = 2.0
# How long a node may take to leave in good order: the drain deadline, and what it may need after it.
LEAVING = 50.0
# How long nothing may move before a cluster that has not settled is taken as it is.
STANDSTILL = 60.0


class Feeder(threading.Thread):
    """Hands numbered tasks to the stand-in, so many that there is always something to do."""

    def __init__(self, url, plan, path, ahead):
        super().__init__(daemon=True)
        self._client = standin.StandIn(url)
        self._plan = plan
        self._path = path
        self._ahead = ahead
        self._stopping = threading.Event()
        self.submitted = 0
        self.finished = 0
        self.error = None

    def run(self):
        try:
            with open(self._path, "w") as file:
                while not self._stopping.is_set():
                    self.look(self._client)
                    for _ in range(self._ahead - (self.submitted - self.finished)):
                        task = self._plan.next_task()
                        # Written down first: what is handed over must be known, whatever happens.
                        file.write(task + "\n")
                        file.flush()
                        self._client.submit(task)
                        self.submitted += 1
                        if self._stopping.is_set():
                            break
                    # The stand-in goes through all its tasks for an answer.
                    self._stopping.wait(0.25)
        except Exception as error:  # noqa: BLE001 - told by whoever waits for this thread
            self.error = error

    def look(self, client):
        tasks = client.statistics()["tasks"]
        self.finished = tasks["total"] - tasks["pending"] - tasks["executing"]
        return tasks

    def stop(self):
        self._stopping.set()
        self.join()
        if self.error is not None:
            raise self.error


class Round:
    """One cluster from its start to its rest."""

    def __init__(self, plan, cluster, slots, settle, progress):
        self._plan = plan
        self._cluster = cluster
        self._slots = slots * len(cluster.workers)
        self._settle_limit = settle
        self._progress = progress
        self._log = handlers.Follower(cluster.handler_log)
        self._ledger = evidence.Ledger(cluster.ledger)
        self._events = []
        self._order = itertools.count()
        self._client = None
        self._feeder = None
        self._begun = 0.0
        self._last_kill = 0.0
        self._seen = 0
        self._is_out = False
        self.notes = {"kills": [], "starts": [], "pauses": 0, "drains": 0, "faults": 0, "outages": 0, "skipped": 0, "falls": [], "settled": False}

    def run(self):
        """Returns the notes; the evidence is in the cluster's directory."""
        cluster = self._cluster
        try:
            cluster.start()
            evidence.audit(cluster.ledger)
            self._client = standin.StandIn(cluster.url)
            self._feeder = Feeder(cluster.url, self._plan, os.path.join(cluster.directory, "submitted.txt"),
                                  ahead=4 * self._slots)
            self.notes["started"] = time.time()
            self._begun = time.monotonic()
            self._feeder.start()
            self._break()
            self._feeder.stop()
            self._client.fault({"clear": True})
            self.notes["seconds"] = time.monotonic() - self._begun
            self._settle()
            self._finish()
        finally:
            cluster.kill()
            self._ledger.close()
        return self.notes

    # What happens when

    def _at(self, at, kind, **details):
        heapq.heappush(self._events, (at, next(self._order), kind, details))

    def _break(self):
        for step in self._plan.steps:
            self._at(step.at, step.kind, **step.details)
        while True:
            now = self._elapsed()
            if now >= self._plan.seconds:
                break
            while self._events and self._events[0][0] <= now:
                _, _, kind, details = heapq.heappop(self._events)
                getattr(self, "_do_" + kind.replace("-", "_"))(**details)
            self._look_after()
            self._show("breaking it")
            time.sleep(0.05)
        # What is down or stopped comes back, and nothing more is broken.
        left = [(kind, details) for _, _, kind, details in sorted(self._events)]
        self._events = []
        for kind, details in left:
            if kind in ("start", "go-on"):
                getattr(self, "_do_" + kind.replace("-", "_"))(**details)

    def _elapsed(self):
        return time.monotonic() - self._begun

    def _show(self, doing):
        feeder, kills = self._feeder, self.notes["kills"]
        self._progress("%s %5.1f s: %s, %d of %d tasks done, %d kills, %d faults"
                       % (self._plan.name, self._elapsed(), doing, feeder.finished, feeder.submitted, len(kills),
                          self.notes["faults"] + self.notes["outages"]))

    # What is done

    def _busy(self):
        return sum(len(self._log.running(worker.incarnation)) for worker in self._cluster.workers if worker.is_alive)

    def _is_worth_it(self, kind, since, details):
        """Whether enough runs to be hit; otherwise the step is tried again soon, and left out at last."""
        # The coordinator's turn comes seldom, and workers must not take it away.
        is_second = kind == "kill-worker" and any(
            other == "kill-coordinator" and "since" in waiting for _, _, other, waiting in self._events)
        self._seen = self._busy()
        if self._seen * 10 >= self._slots and self._elapsed() - self._last_kill >= BREATH and not is_second:
            self._last_kill = self._elapsed()
            return True
        since = since if since is not None else self._elapsed()
        if self._elapsed() - since > PATIENCE:
            self.notes["skipped"] += 1
        else:
            self._at(self._elapsed() + 0.05, kind, since=since, **details)
        return False

    def _pick(self, index):
        """The worker that is meant, or the next one that is there to be hit."""
        workers = self._cluster.workers
        return next((worker for worker in workers[index:] + workers[:index] if worker.is_alive), None)

    def _do_kill_worker(self, index, handlers, back, since=None):
        worker = self._pick(index)
        details = {"index": index, "handlers": handlers, "back": back}
        if worker is None or not self._is_worth_it("kill-worker", since, details):
            return
        running = self._kill(worker, "with its handlers" if handlers else "alone")
        self._log.forget(worker.incarnation)
        if handlers:
            for pid in running:
                processes.kill_handler(pid)
        self._at(self._elapsed() + back, "start", name=worker.name, starts=worker.starts)

    def _do_kill_coordinator(self, back, since=None):
        coordinator = self._cluster.coordinator
        if not coordinator.is_alive or not self._is_worth_it("kill-coordinator", since, {"back": back}):
            return
        self._kill(coordinator, "")
        self._at(self._elapsed() + back, "start", name=coordinator.name, starts=coordinator.starts)

    def _kill(self, node, how):
        """Kills and notes it; returns what the node ran, as pid: task."""
        running = self._log.running(node.incarnation)
        moment, at = time.time(), round(self._elapsed(), 3)
        node.kill()
        # Nobody can have noticed it yet.
        counts = self._ledger.counts()
        held = None if counts is None else counts[0].get("leased", 0) + counts[0].get("running", 0)
        self.notes["kills"].append({
            "what": ("%s %s" % (node.incarnation, how)).strip(), "node": node.name, "at": at,
            "time": moment, "busy": self._seen, "slots": self._slots, "held": held,
            "tasks": sorted(running.values()), "paused": node.is_paused,
        })
        return running

    def _do_start(self, name, starts):
        node = next(node for node in self._cluster.nodes if node.name == name)
        if node.starts == starts and not node.is_alive:
            node.start()
            self.notes["starts"].append({"node": name, "time": time.time()})

    def _do_pause_worker(self, index, seconds):
        worker = self._pick(index)
        if worker is not None and not worker.is_paused:
            self._pause(worker, seconds)

    def _do_pause_coordinator(self, seconds):
        if self._cluster.coordinator.is_alive:
            self._pause(self._cluster.coordinator, seconds)

    def _pause(self, node, seconds):
        self.notes["pauses"] += 1
        node.pause()
        self._at(self._elapsed() + seconds, "go-on", name=node.name, starts=node.starts)

    def _do_go_on(self, name, starts):
        node = next(node for node in self._cluster.nodes if node.name == name)
        if node.starts == starts:
            node.go_on()

    def _do_drain_worker(self, index):
        self._drain(self._pick(index))

    def _do_drain_coordinator(self):
        self._drain(self._cluster.coordinator)

    def _drain(self, node):
        if node is not None and node.is_alive and not node.is_paused and node.leaving_since is None:
            self.notes["drains"] += 1
            node.leave()

    def _do_fault(self, **description):
        self.notes["faults"] += 1
        self._client.fault(description)
        self._at(self._elapsed() + FAULT, "faults-over")

    def _do_faults_over(self):
        # It ends younger faults, too, which does no harm; an outage has its own end.
        if not self._is_out:
            self._client.fault({"clear": True})

    def _do_outage(self, seconds):
        self.notes["outages"] += 1
        self._is_out = True
        self._client.fault({"fault": "answer", "status": 503, "to": "any", "count": 1000000})
        self._at(self._elapsed() + seconds, "outage-over")

    def _do_outage_over(self):
        self._is_out = False
        self._client.fault({"clear": True})

    def _look_after(self):
        """Whoever ended without having been killed is a finding, and is started again."""
        for node in self._cluster.nodes:
            awaited = any(kind == "start" and details["name"] == node.name for _, _, kind, details in self._events)
            if node.is_alive:
                if node.leaving_since is not None and time.monotonic() - node.leaving_since > LEAVING:
                    self.notes["falls"].append("%s was asked to leave and did not within %.0f s; see %s"
                                               % (node.incarnation, LEAVING, node.log))
                    node.kill()
                    node.start()
                continue
            if awaited:
                continue
            if not node.left_well:
                self._fallen(node)
            self._log.forget(node.incarnation)
            node.start()
        if self._feeder.error is not None:
            raise self._feeder.error

    def _fallen(self, node):
        how = "ended by itself" if node.leaving_since is None else "was asked to leave and ended"
        self.notes["falls"].append("%s %s with %s at %.1f s; %s says: %s" % (
            node.incarnation, how, node.process.returncode, self._elapsed(), node.log, node.said()[-600:].strip()))

    # The end

    def _settle(self):
        begun = moved = time.monotonic()
        last = None
        client = standin.StandIn(self._cluster.url)
        while True:
            self._look_after()
            tasks = self._feeder.look(client)
            counts = self._ledger.counts() or ({}, -1)
            states = {state: count for state, count in counts[0].items() if state not in evidence.FINALS}
            running = self._busy()
            if tasks["total"] == self._feeder.finished and not states and counts[1] == 0 and running == 0:
                self.notes["settled"] = True
                break
            now = time.monotonic()
            seen = (self._feeder.finished, counts, running)
            if seen != last:
                last, moved = seen, now
            if now - moved > STANDSTILL or now - begun > self._settle_limit:
                self.notes["unsettled"] = (
                    "after %.0f s the platform has %d tasks that have not ended, the ledger %s and %d reports; %d"
                    " handlers run" % (now - begun, tasks["total"] - self._feeder.finished,
                                       ", ".join("%d %s" % (count, state) for state, count in states.items())
                                       or "none unfinished", counts[1], running))
                break
            self._show("waiting until all is settled")
            time.sleep(0.25)
        self.notes["settling"] = time.monotonic() - begun

    def _finish(self):
        cluster = self._cluster
        with open(os.path.join(cluster.directory, "platform.json"), "w") as file:
            json.dump(self._client.tasks(), file)
        listed = cluster.list_tasks()
        if listed.returncode != 0:
            self.notes["falls"].append("weft tasks ls ended with %d: %s"
                                       % (listed.returncode, listed.stderr.decode("utf-8", "replace")[-500:]))
        with open(os.path.join(cluster.directory, "tasks.jsonl"), "wb") as file:
            file.write(listed.stdout)
        self.notes["statistics"] = self._client.statistics()
        for worker in cluster.workers:
            worker.leave()
        for node in reversed(cluster.nodes):
            status = node.stop(LEAVING)
            if status != 0:
                self.notes["falls"].append("%s was asked to end and %s; see %s" % (
                    node.incarnation, "did not within %.0f s" % LEAVING if status is None else "ended with %s" % status, node.log))
        with open(os.path.join(cluster.directory, "round.json"), "w") as file:
            json.dump(self.notes, file, indent=1)
