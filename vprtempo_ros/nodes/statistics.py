"""What a node remembers about its frames, and how that is told as diagnostics."""

from __future__ import annotations

import threading
import time
from collections import Counter

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue

from ..matching.match import Match

# Without a message for this long, in seconds, something is wrong with the sensor or the topic.
_SILENCE = 2.0
# A stamp further away than this, in seconds, is not of this clock.
_FOREIGN = 60.0


class FrameStatistics:
    """Counts over the node's life, and rates over the time since the last report."""

    def __init__(self, odometry: bool = False, unit: str = 'frame') -> None:
        """
        Start counting.

        :param odometry: messages of it are expected too.
        :param unit: what a message holds, a frame or a packet of events.
        """
        self._unit = unit
        self._lock = threading.Lock()
        self.received = 0
        self.matched = 0
        self.unknown = 0
        self.dropped = 0
        self.bad: Counter[str] = Counter()
        self.last_match = 'none'
        self.last_confidence = '-'
        self.odometry = 0
        self.last_way = '-'
        self._expects_odometry = odometry
        self._since = self._last_image = self._last_odometry = time.monotonic()
        self._window_received = 0
        self._window_dropped = 0
        self._window_bad = ''
        self._latencies: list[float] = []
        self._durations: list[float] = []

    def add_received(self) -> None:
        """Count an arrived message."""
        with self._lock:
            self.received += 1
            self._window_received += 1
            self._last_image = time.monotonic()

    def add_odometry(self) -> None:
        """Count an arrived message of the odometry."""
        with self._lock:
            self.odometry += 1
            self._last_odometry = time.monotonic()

    def add_bad(self, reason: str) -> None:
        """Count a message that could not be used."""
        with self._lock:
            # Reasons carry numbers from outside: a broken driver must not fill the memory.
            self.bad[reason if reason in self.bad or len(self.bad) < 20 else 'other'] += 1
            self._window_bad = reason

    def add_result(
        self, match: Match, way: float | None, latency: float, duration: float,
    ) -> None:
        """Count an answer, the metres since the one before, seconds since its stamp and of work."""
        known = len(match.places) > 0
        with self._lock:
            self.matched += known
            self.unknown += not known
            self.last_match = 'unknown place'
            self.last_confidence = '-'
            if known:
                self.last_confidence = f'{match.confidences[0]:.2f}'
                self.last_match = f'place {match.places[0]} ({self.last_confidence})'
            self.last_way = '-' if way is None else f'{way:.2f}'
            # A report is due every second or so; without one, old values make room.
            if len(self._durations) < 10_000:
                self._durations.append(duration)
                # Stamps of a recording or of another clock say nothing about latency.
                if abs(latency) < _FOREIGN:
                    self._latencies.append(latency)

    def set_dropped(self, dropped: int) -> None:
        """Take the number of messages that were overtaken by newer ones so far."""
        with self._lock:
            self._window_dropped += dropped - self.dropped
            self.dropped = dropped

    def report(self, status: DiagnosticStatus) -> None:
        """Fill level, message and values of a node that is active; begins a new window."""
        with self._lock:
            now = time.monotonic()
            elapsed = max(now - self._since, 1e-6)
            silence = now - self._last_image
            blind = now - self._last_odometry
            level, message = DiagnosticStatus.OK, 'recognising places'
            if self._window_dropped:
                level, message = DiagnosticStatus.WARN, (
                    f'cannot keep up: {self._window_dropped} {self._unit}s dropped')
            if self._expects_odometry and blind > _SILENCE:
                level, message = DiagnosticStatus.WARN, (
                    f'no odometry for {blind:.0f} s: the sequence filter goes by time')
            if self._window_bad:
                level, message = DiagnosticStatus.WARN, f'bad {self._unit}: {self._window_bad}'
            if silence > _SILENCE:
                what = 'image' if self._unit == 'frame' else self._unit
                level, message = DiagnosticStatus.WARN, f'no {what} for {silence:.0f} s'
            status.level, status.message = level, message
            status.values += [
                key_value('input rate (Hz)', f'{self._window_received / elapsed:.1f}'),
                key_value('latency mean (ms)', _mean_ms(self._latencies)),
                key_value('latency max (ms)', _max_ms(self._latencies)),
                key_value('work mean (ms)', _mean_ms(self._durations)),
                key_value(f'{self._unit}s received', str(self.received)),
                key_value('frames matched', str(self.matched)),
                key_value('frames unknown', str(self.unknown)),
                key_value(f'{self._unit}s dropped', str(self.dropped)),
                key_value(f'{self._unit}s bad', str(sum(self.bad.values()))),
                *(key_value(f'bad: {reason}', str(count)) for reason, count in self.bad.items()),
                key_value('last match', self.last_match),
                key_value('last confidence', self.last_confidence),
            ]
            if self._expects_odometry:
                status.values += [
                    key_value('odometry received', str(self.odometry)),
                    key_value('last way (m)', self.last_way),
                ]
            self._since = now
            self._window_received = self._window_dropped = 0
            self._window_bad = ''
            self._latencies.clear()
            self._durations.clear()


def key_value(key: str, value: str) -> KeyValue:
    """Return a diagnostic value."""
    return KeyValue(key=key, value=value)


def _mean_ms(seconds: list[float]) -> str:
    return f'{sum(seconds) / len(seconds) * 1e3:.2f}' if seconds else '-'


def _max_ms(seconds: list[float]) -> str:
    return f'{max(seconds) * 1e3:.2f}' if seconds else '-'
