"""Statistics of the frames of an active node."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from ..matching.match import Match
from ..support.reasons import Reasons
from .arrivals import Arrivals
from .losses import StampGaps
from .window import Counts, Window

# A stamp that differs more from the present time, in seconds, is of another clock.
_OTHER_CLOCK = 60.0

# Latencies that are kept between two reports.
_LATENCIES = 10_000


class Metrics(NamedTuple):
    """
    The numbers of a report.

    total: counts since activation; recent: those of the last `span` seconds. rate: messages per
    second, None if unknown. input_silence, match_silence, odometry_silence: seconds since the last
    message, result and odometry. latencies: seconds from stamp to result since the last report;
    stamp_age: the same of the last result, of any clock, None before the first. place, confidence:
    of the last result, None and 0 if unknown or before the first; last_place: the last known one.
    bad: number of unusable messages by reason. odometry: messages; travelled: metres between the
    last two results, None if unknown. jumps: number of stamps that jumped back; jump: by how many
    seconds the last one did. gaps: pauses between messages; largest_gap: the longest in seconds.
    unchanged: seconds for which the last images have been the same.
    """

    total: Counts
    recent: Counts
    span: float
    rate: float | None
    input_silence: float
    match_silence: float
    odometry_silence: float
    latencies: list[float]
    stamp_age: float | None
    place: int | None
    confidence: float
    last_place: int | None
    bad: dict[str, int]
    last_bad: str
    last_failure: str
    odometry: int
    travelled: float | None
    jumps: int
    jump: float
    gaps: int
    largest_gap: float
    unchanged: float

    @property
    def load(self) -> float:
        """The fraction of the recent time spent on frames."""
        return self.recent.work / max(self.span, 1e-6)

    @property
    def mean_work(self) -> float | None:
        """The recent mean processing time of a frame in seconds, None without frames."""
        processed = self.recent.received - self.recent.dropped
        return self.recent.work / processed if processed > 0 else None


class FrameStatistics:
    """Counts since the node became active; called from several threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start counting; `clock` returns seconds and never goes back."""
        self._clock = clock
        self._lock = threading.Lock()
        now = clock()
        self._input, self._results, self._odometry = (Arrivals(now) for _ in range(3))
        self._window = Window(now)
        self._matched = self._unknown = self._dropped = self._bad = self._failed = 0
        self._work = 0.0
        self._reasons = Reasons()
        self._last_bad = self._last_failure = ''
        self._place: int | None = None
        self._last_place: int | None = None
        self._confidence = 0.0
        self._travelled: float | None = None
        self._latencies: list[float] = []
        self._stamp_age: float | None = None
        self._jumps, self._jump = 0, 0.0
        self._lost = 0
        self._unchanged = 0.0
        self._stamps = StampGaps()
        self._missing = 0

    def add_received(self, stamp_ns: int | None = None) -> None:
        """Count a received message; `stamp_ns`: that of a camera at a steady rate."""
        with self._lock:
            self._input.add(self._clock())
            if stamp_ns is not None:
                self._stamps.add(stamp_ns)

    def add_lost(self, count: int) -> None:
        """Count messages that the middleware lost."""
        with self._lock:
            self._lost += count

    def add_odometry(self) -> None:
        """Count a received odometry message."""
        with self._lock:
            self._odometry.add(self._clock())

    def add_bad(self, reason: str) -> None:
        """Count an unusable message."""
        with self._lock:
            self._bad += 1
            self._reasons.count(reason)
            self._last_bad = reason

    def add_failure(self, reason: str) -> None:
        """Count a message on which the backend failed."""
        with self._lock:
            self._failed += 1
            self._reasons.count(reason)
            self._last_failure = reason

    def add_work(self, seconds: float) -> None:
        """Add processing time."""
        with self._lock:
            self._work += seconds

    def add_jump(self, seconds: float) -> None:
        """Count a stamp that is this much older than the one before."""
        with self._lock:
            self._jumps += 1
            self._jump = seconds

    def add_result(self, match: Match, travelled: float | None, latency: float) -> None:
        """Count a result, the metres since the one before, and the seconds since its stamp."""
        with self._lock:
            self._results.add(self._clock())
            self._matched += match.known
            self._unknown += not match.known
            self._place, self._confidence = match.place, match.confidence
            if match.known:
                self._last_place = match.place
            self._travelled = travelled
            self._stamp_age = latency
            # Stamps of a recording or of another clock say nothing about latency.
            if abs(latency) < _OTHER_CLOCK and len(self._latencies) < _LATENCIES:
                self._latencies.append(latency)

    def set_unchanged(self, seconds: float) -> None:
        """Set for how long the images have been the same."""
        with self._lock:
            self._unchanged = seconds

    def set_dropped(self, dropped: int) -> None:
        """Set the number of messages dropped so far."""
        with self._lock:
            self._dropped = dropped

    def set_missing(self, missing: int) -> None:
        """Set the number of messages missing so far by the sequence numbers of the others."""
        with self._lock:
            self._missing = missing

    def take(self, silence: float) -> Metrics:
        """Return the numbers of a report; a pause of more than `silence` s restarts the rate."""
        with self._lock:
            now = self._clock()
            input_silence = self._input.silence(now)
            if input_silence > silence:
                self._input.restart_rate()
            total = Counts(
                received=self._input.count,
                matched=self._matched,
                unknown=self._unknown,
                dropped=self._dropped,
                bad=self._bad,
                failed=self._failed,
                work=self._work,
                lost=self._lost,
                missing=self._stamps.missing + self._missing,
            )
            span, recent = self._window.update(now, total)
            latencies, self._latencies = self._latencies, []
            return Metrics(
                total=total,
                recent=recent,
                span=span,
                rate=self._input.rate(now),
                input_silence=input_silence,
                match_silence=self._results.silence(now),
                odometry_silence=self._odometry.silence(now),
                latencies=latencies,
                stamp_age=self._stamp_age,
                place=self._place,
                confidence=self._confidence,
                last_place=self._last_place,
                bad=dict(self._reasons),
                last_bad=self._last_bad,
                last_failure=self._last_failure,
                odometry=self._odometry.count,
                travelled=self._travelled,
                jumps=self._jumps,
                jump=self._jump,
                gaps=self._input.gaps,
                largest_gap=self._input.largest_gap,
                unchanged=self._unchanged,
            )
