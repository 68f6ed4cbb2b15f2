"""What a node counts of its frames while it is active."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from ..matching.match import Match
from .arrivals import Arrivals
from .window import Counts, Window

# A stamp further away than this, in seconds, is not of this clock.
_FOREIGN = 60.0

# Different reasons that are remembered. They carry numbers from outside: a broken driver must not
# fill the memory.
_REASONS = 20

# Latencies that are kept until a report is made of them.
_LATENCIES = 10_000


class Metrics(NamedTuple):
    """
    What there is to report.

    total: counts since the beginning; recent: those of the last `span` seconds. rate: messages a
    second, None if unknown; silence, unanswered, blind: seconds without a message, an answer and
    odometry. latencies: seconds from stamp to answer since the last report; offset: the last
    one's, however foreign its stamp. jumps: how often stamps went back; jump: by how many seconds.
    """

    total: Counts
    recent: Counts
    span: float
    rate: float | None
    silence: float
    unanswered: float
    blind: float
    latencies: list[float]
    offset: float | None
    bad: dict[str, int]
    last_bad: str
    last_failure: str
    last_match: str
    last_confidence: str
    last_place: str
    odometry: int
    last_way: str
    jumps: int
    jump: float


class FrameStatistics:
    """Counts since the node became active; fed by several threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start counting; `clock` gives seconds and never goes back."""
        self._clock = clock
        self._lock = threading.Lock()
        now = clock()
        self._input, self._answers, self._odometry = (Arrivals(now) for _ in range(3))
        self._window = Window(now)
        self._matched = self._unknown = self._dropped = self._bad = self._failed = 0
        self._work = 0.0
        self._reasons: Counter[str] = Counter()
        self._last_bad = self._last_failure = ''
        self._last_match, self._last_confidence, self._last_place = 'none', '-', 'none'
        self._last_way = '-'
        self._latencies: list[float] = []
        self._offset: float | None = None
        self._jumps, self._jump = 0, 0.0

    def add_received(self) -> None:
        """Count an arrived message."""
        with self._lock:
            self._input.add(self._clock())

    def add_odometry(self) -> None:
        """Count an arrived message of the odometry."""
        with self._lock:
            self._odometry.add(self._clock())

    def add_bad(self, reason: str) -> None:
        """Count a message that could not be used."""
        with self._lock:
            self._bad += 1
            self._count(reason)
            self._last_bad = reason

    def add_failure(self, reason: str) -> None:
        """Count a message that the backend could not answer."""
        with self._lock:
            self._failed += 1
            self._count(reason)
            self._last_failure = reason

    def add_work(self, seconds: float) -> None:
        """Count time that was spent on messages."""
        with self._lock:
            self._work += seconds

    def add_jump(self, seconds: float) -> None:
        """Count a stamp that was so much older than the one before."""
        with self._lock:
            self._jumps += 1
            self._jump = seconds

    def add_result(self, match: Match, way: float | None, latency: float) -> None:
        """Count an answer, the metres since the one before, and the seconds since its stamp."""
        known = len(match.places) > 0
        with self._lock:
            self._answers.add(self._clock())
            self._matched += known
            self._unknown += not known
            self._last_match, self._last_confidence = 'unknown place', '-'
            if known:
                self._last_confidence = f'{match.confidences[0]:.2f}'
                self._last_match = f'place {match.places[0]} ({self._last_confidence})'
                self._last_place = str(match.places[0])
            self._last_way = '-' if way is None else f'{way:.2f}'
            self._offset = latency
            # Stamps of a recording or of another clock say nothing about latency.
            if abs(latency) < _FOREIGN and len(self._latencies) < _LATENCIES:
                self._latencies.append(latency)

    def set_dropped(self, dropped: int) -> None:
        """Take the number of messages that were overtaken by newer ones so far."""
        with self._lock:
            self._dropped = dropped

    def take(self, silence: float) -> Metrics:
        """Return what there is to report; a pause longer than `silence` s begins a new rate."""
        with self._lock:
            now = self._clock()
            quiet = self._input.silence(now)
            if quiet > silence:
                self._input.begin_anew()
            total = Counts(
                self._input.count,
                self._matched,
                self._unknown,
                self._dropped,
                self._bad,
                self._failed,
                self._work,
            )
            span, recent = self._window.look(now, total)
            latencies, self._latencies = self._latencies, []
            return Metrics(
                total,
                recent,
                span,
                self._input.rate(now),
                quiet,
                self._answers.silence(now),
                self._odometry.silence(now),
                latencies,
                self._offset,
                dict(self._reasons),
                self._last_bad,
                self._last_failure,
                self._last_match,
                self._last_confidence,
                self._last_place,
                self._odometry.count,
                self._last_way,
                self._jumps,
                self._jump,
            )

    def _count(self, reason: str) -> None:
        known = reason in self._reasons or len(self._reasons) < _REASONS
        self._reasons[reason if known else 'other'] += 1
