# This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
"""What is done to the cluster and when: all of it follows from the seed, so the same seed plans the same run."""

import random

# How long a worker may be silent before its tasks are dealt again; shorter than the default, so that pauses beyond it
# fit into a run. The coordinator is told by its configuration file.
LEASE = 5.0


class Step:
    """One thing that is done to the cluster."""

    def __init__(self, at, kind, **details):
        self.at = at
        self.kind = kind
        self.details = details

    def __repr__(self):
        return "%7.2f %s %s" % (self.at, self.kind, self.details)


class Plan:
    """The steps of one round, and how long each task takes."""

    def __init__(self, seed, name, seconds, workers):
        self.name = name
        self.seconds = seconds
        self._tasks = random.Random("%s/%s/tasks" % (seed, name))
        self._number = 0
        self._prefix = "s%s-%s" % (seed, name)
        chance = random.Random("%s/%s/steps" % (seed, name))
        self.steps = sorted(self._kills(chance, workers) + self._pauses(chance, workers)
                            + self._drains(chance, workers) + self._faults(chance),
                            key=lambda step: step.at)

    def next_task(self):
        """The id of the next task, which ends with how long it takes in seconds.

        Most are short; one in twenty takes seconds, so that handlers run on while the coordinator is away.
        """
        self._number += 1
        seconds = self._tasks.uniform(1.0, 3.0) if self._tasks.random() < 0.05 else self._tasks.uniform(0.02, 0.3)
        return "%s-%06d-%.3f" % (self._prefix, self._number, seconds)

    def _kills(self, chance, workers):
        # With its handlers it is the machine that fails; without, they run on, and may end what is dealt again.
        steps = [Step(at, "kill-worker", index=chance.randrange(workers), handlers=chance.random() < 0.5,
                      back=chance.uniform(0.1, 1.5))
                 for at in self._every(chance, (1.5, 3.0), 1.0, 3.0, self.seconds)]
        scale = min(15.0, self.seconds)
        return steps + [Step(at, "kill-coordinator", back=chance.uniform(0.0, 1.0))
                        for at in self._every(chance, (0.3 * scale, 0.7 * scale), 11.0, 19.0, self.seconds - 2)]

    def _pauses(self, chance, workers):
        end = self.seconds - 2
        return [Step(at, "pause-worker", index=chance.randrange(workers), seconds=LEASE + chance.uniform(0.5, 2.5))
                for at in self._every(chance, (3.0, 6.0), 15.0, 25.0, end)] + \
            [Step(at, "pause-coordinator", seconds=LEASE + chance.uniform(0.2, 1.5))
             for at in self._every(chance, (20.0, 40.0), 40.0, 80.0, end)]

    @staticmethod
    def _every(chance, first, least, most, end):
        at = chance.uniform(*first)
        while at < end:
            yield at
            at += chance.uniform(least, most)

    def _drains(self, chance, workers):
        """Some leave in good order, which must lose nothing either, also when they are killed while they do."""
        end = self.seconds - 2
        return [Step(at, "drain-worker", index=chance.randrange(workers))
                for at in self._every(chance, (4.0, 9.0), 8.0, 16.0, end)] + \
            [Step(at, "drain-coordinator") for at in self._every(chance, (14.0, 40.0), 35.0, 60.0, end)]

    def _faults(self, chance):
        end = self.seconds - 1
        return [Step(at, "fault", **self._fault(chance)) for at in self._every(chance, (0.5, 2.0), 0.7, 2.0, end)] + \
            [Step(at, "outage", seconds=chance.uniform(0.5, 3.0))
             for at in self._every(chance, (6.0, 12.0), 15.0, 30.0, end)]

    @staticmethod
    def _fault(chance):
        # What breaks the stream comes more seldom: it keeps new tasks away for seconds, and then there is little to hit.
        updates = chance.choice(["update", "final-update", "other-update"])
        kinds = [
            (4, {"fault": "lose-reply", "to": "final-update", "count": chance.randint(1, 10)}),
            (3, {"fault": "lose-reply", "to": updates, "count": chance.randint(1, 10)}),
            (3, {"fault": "drop", "to": updates, "count": chance.randint(1, 10)}),
            (3, {"fault": "answer", "status": chance.choice([500, 502, 503, 504]), "to": updates,
                 "count": chance.randint(1, 20)}),
            (2, {"fault": "answer", "status": 429, "retry_after": 1, "to": updates, "count": chance.randint(1, 5)}),
            (2, {"fault": "delay", "to": updates, "milliseconds": chance.randint(50, 1500),
                 "count": chance.randint(1, 10)}),
            (2, {"fault": "drop-streams"}),
            (2, {"fault": "drop-streams", "in_event": True}),
            (2, {"fault": "drop", "to": "any", "count": chance.randint(1, 10)}),
            (2, {"fault": "answer", "status": 503, "to": "history", "count": chance.randint(1, 3)}),
            (1, {"fault": "lose-reply", "to": "capacity", "count": chance.randint(1, 3)}),
            (1, {"fault": "answer", "status": 503, "to": "stream", "count": 1}),
            (1, {"fault": "silence"}),
            (1, {"fault": "forget-workers"}),
        ]
        return chance.choices([kind for _, kind in kinds], [weight for weight, _ in kinds])[0]
