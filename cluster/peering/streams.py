# This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
"""Order and repair: where each origin's stream is, what is missing, whom to ask for it. No sockets, no clock."""

import collections
import heapq
import random

WINDOW_LIMIT = 64 << 20
WAITING_LIMIT = 64 << 20
REPAIR_TARGET = 256 << 10
FETCHES_LIMIT = 8
FETCH_TIMEOUT = 1.0
PATIENCE = 0.25
GAP_AFTER = 2.5
GAP_AFTER_DEATH = 30.0


class Window:
    """The newest batches of one stream, as they came."""

    def __init__(self):
        self.batches = collections.deque()
        self.size = 0

    def append(self, batch):
        self.batches.append(batch)
        self.size += len(batch.frame)

    def drop_oldest(self):
        self.size -= len(self.batches.popleft().frame)

    def size_after(self, sequence):
        size = 0
        for batch in reversed(self.batches):
            if batch.last <= sequence:
                break
            size += len(batch.frame)
        return size

    def find(self, first, last):
        """(the first sequence from `first` to `last` that is held or 0, batches that begin with it, without a hole)"""
        start, frames, size = 0, [], 0
        for batch in self.batches:
            if batch.last < first:
                continue
            if batch.first > last or (frames and (batch.first != following or size + len(batch.frame) > REPAIR_TARGET)):
                break
            start = start or max(first, batch.first)
            following = batch.last + 1
            frames.append(batch.frame)
            size += len(batch.frame)
        return start, frames


class Stream:
    """What is here of one origin's stream."""

    def __init__(self, origin):
        self.origin = origin
        self.cursor = None      # Everything up to here came in order or was announced as missed; None: not begun yet.
        self.missed = 0
        self.wanted = 0         # Up to here events exist that will not come by themselves.
        self.waiting = {}       # Batches beyond a hole by their first sequence,
        self.order = []         # and these as a heap.
        self.window = Window()
        self.stale_beats = 0
        self.start_over()

    def start_over(self):
        """Forgets what was learned about the hole: it is another one now."""
        self.fetch = None       # (number, member, when it has taken too long)
        self.not_before = 0.0
        self.refused = set()    # Who has said that it does not hold the first missing event.
        self.slow = set()       # Who did not answer in time.
        self.resumes = None     # The first sequence that somebody holds after the one missing.
        self.hopeless_since = None

    @property
    def hole(self):
        """(first, last) missing, or None."""
        if self.cursor is None:
            return None
        last = self.order[0] - 1 if self.order else self.wanted
        return (self.cursor + 1, last) if last > self.cursor else None


class Streams:
    """All streams of other origins."""

    def __init__(self):
        self.by_origin = {}
        self.waiting_size = 0
        self.window_size = 0
        self.fetched = 0
        self.duplicates = 0
        self.gaps = 0
        self._number = 0

    def stream(self, origin):
        return self.by_origin.setdefault(origin, Stream(origin))

    def cursors(self):
        return [[stream.origin, stream.cursor] for stream in self.by_origin.values() if stream.cursor is not None]

    def begin(self, origin, cursor):
        """The stream begins after this sequence; returns what can be delivered of that which has come meanwhile."""
        stream = self.stream(origin)
        if stream.cursor is not None:
            return []
        stream.cursor = cursor
        return self._go_on(stream)

    def receive(self, batch):
        """Returns what can be delivered now, in order: [(batch, up to where its events have come before)]"""
        stream = self.stream(batch.origin)
        stream.stale_beats = 0
        if stream.cursor is not None and batch.last <= stream.cursor:
            self.duplicates += batch.count
            return []
        known = stream.waiting.get(batch.first)
        if known is None or known.last < batch.last:
            is_beyond_hole = stream.cursor is None or batch.first > stream.cursor + 1
            if is_beyond_hole and self.waiting_size + len(batch.frame) > WAITING_LIMIT:
                self.exists(batch.origin, batch.last)
                return []
            if known is None:
                heapq.heappush(stream.order, batch.first)
            else:
                self.waiting_size -= len(known.frame)
            stream.waiting[batch.first] = batch
            self.waiting_size += len(batch.frame)
        return self._go_on(stream)

    def exists(self, origin, last):
        """Events up to this one exist and will not come by themselves."""
        stream = self.stream(origin)
        stream.wanted = max(stream.wanted, last)

    def heartbeat(self, origin, head):
        """The origin says that it has emitted so much; what does not come for more than two beats is missing.

        Returns whether that is so.
        """
        stream = self.stream(origin)
        if stream.cursor is None or head <= stream.cursor:
            stream.stale_beats = 0
            return False
        stream.stale_beats += 1
        if stream.stale_beats > 2:
            self.exists(origin, head)
        return stream.stale_beats > 2

    def _go_on(self, stream):
        ready = []
        while stream.cursor is not None and stream.order and stream.order[0] <= stream.cursor + 1:
            batch = stream.waiting.pop(heapq.heappop(stream.order))
            self.waiting_size -= len(batch.frame)
            if batch.last <= stream.cursor:
                self.duplicates += batch.count
                continue
            # A batch fetched again may begin with events that are here already.
            ready.append((batch, stream.cursor))
            stream.cursor = batch.last
            self._hold(stream, batch)
        if ready:
            stream.start_over()
        return ready

    def _hold(self, stream, batch):
        stream.window.append(batch)
        self.window_size += len(batch.frame)
        while self.window_size > WINDOW_LIMIT:
            largest = max((one.window for one in self.by_origin.values()), key=lambda window: window.size)
            self.window_size -= len(largest.batches[0].frame)
            largest.drop_oldest()

    # Repair

    def ask(self, now, live, cursor_of):
        """Whom to ask for what: [(member, number, origin, first, last)].

        live: ids of the members that can be asked; cursor_of(member, origin): how far it has said it is.
        """
        questions = []
        under_way = 0
        for stream in self.by_origin.values():
            if stream.fetch and (stream.fetch[2] <= now or stream.fetch[1] not in live):
                stream.slow.add(stream.fetch[1])
                stream.fetch = None
            under_way += stream.fetch is not None
        for stream in self.by_origin.values():
            hole = stream.hole
            if hole is None or stream.fetch or now < stream.not_before or under_way >= FETCHES_LIMIT:
                continue
            member = self._whom(stream, hole[0], live, cursor_of)
            if member is None:
                stream.hopeless_since = now if stream.hopeless_since is None else stream.hopeless_since
                continue
            stream.hopeless_since = None
            self._number += 1
            under_way += 1
            stream.fetch = (self._number, member, now + FETCH_TIMEOUT)
            questions.append((member, self._number, stream.origin, hole[0], hole[1]))
        return questions

    def _whom(self, stream, first, live, cursor_of):
        able = {member for member in live if member not in stream.refused
                and (member == stream.origin or cursor_of(member, stream.origin) >= first)}
        if stream.slow >= able:
            stream.slow.clear()
        able -= stream.slow
        if stream.origin in able:
            return stream.origin
        return random.choice(sorted(able)) if able else None

    def answered(self, member, number, origin, start, is_busy, batches, now):
        """Somebody's answer to a question; returns what can be delivered."""
        stream = self.stream(origin)
        hole = stream.hole
        ready = []
        for batch in batches:
            if batch.origin == origin:
                self.fetched += batch.count
                ready += self.receive(batch)
        if not stream.fetch or stream.fetch[0] != number:
            return ready
        stream.fetch = None
        if is_busy:
            stream.not_before = now + PATIENCE
        elif hole and not ready:
            stream.refused.add(member)
            if start > hole[0]:
                stream.resumes = min(start, stream.resumes or start)
        return ready

    def give_up(self, now, may_return):
        """Holes that nobody can fill any more: [(origin, first, last, what can be delivered after it)]"""
        gaps = []
        for stream in self.by_origin.values():
            hole, since = stream.hole, stream.hopeless_since
            if hole is None or since is None:
                continue
            if now - since < (GAP_AFTER_DEATH if may_return(stream.origin) else GAP_AFTER):
                continue
            first, last = hole
            if stream.resumes:
                last = min(last, stream.resumes - 1)
            stream.cursor = last
            stream.missed += last - first + 1
            self.gaps += 1
            stream.start_over()
            gaps.append((stream.origin, first, last, self._go_on(stream)))
        return gaps

    def window(self, origin):
        """What is held of a stream, for those who ask for it."""
        return self.by_origin[origin].window if origin in self.by_origin else Window()
