"""From the clock of the sensor to the clock of the stamps."""

from __future__ import annotations

# A larger change of the difference, in nanoseconds, means that one clock was set.
_JUMP_NS = 1_000_000_000
# Each packet moves the difference by this fraction of its deviation: stamps jitter, clocks drift.
_FOLLOW = 256


class StampClock:
    """
    Keeps the difference between the stamps of packets and the sensor's times in them.

    The sensor's times have exact intervals but an arbitrary origin; stamps have the date of a
    computer. The difference starts with that of the first packet and follows slowly, which gives
    exact intervals with the right date in spite of drift. Integers only: the same packets give
    the same times on every machine.
    """

    def __init__(self, sensor_clock: bool = False) -> None:
        """
        Start without a packet.

        :param sensor_clock: keep the first difference: stamps run at another rate.
        """
        self._offset: int | None = None
        self._last_ns = 0
        self._fixed = sensor_clock

    def offset(self, stamp_ns: int, sensor_ns: int) -> tuple[int, bool]:
        """
        Return what to add to the sensor's times of a packet, and whether time jumped before it.

        :param sensor_ns: time of the packet's first event.
        """
        difference = stamp_ns - sensor_ns
        back, self._last_ns = sensor_ns < self._last_ns - _JUMP_NS, sensor_ns
        if self._fixed and self._offset is not None and not back:
            return self._offset, False
        if self._offset is None or abs(difference - self._offset) > _JUMP_NS:
            jumped = self._offset is not None
            self._offset = difference
            return difference, jumped
        self._offset += (difference - self._offset) // _FOLLOW
        return self._offset, False

    def reset(self) -> None:
        """Forget the difference."""
        self._offset = None
