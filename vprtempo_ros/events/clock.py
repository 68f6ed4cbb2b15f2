"""From the sensor's clock to that of the stamps."""

from __future__ import annotations

# Further apart than this, in nanoseconds, the two clocks have been set anew.
_JUMP_NS = 1_000_000_000
# The difference follows the stamps by one part in so many a packet: these jitter, clocks drift.
_FOLLOW = 256


class StampClock:
    """
    Keeps the difference between the stamps of packets and the sensor's times in them.

    The sensor's times are exact and begin anywhere, stamps are a computer's. Taking the first
    difference and letting it follow slowly gives the exact distances of the one and the date of
    the other, however far the two clocks drift apart in an hour. Integers only: the same packets
    give the same times anywhere.
    """

    def __init__(self) -> None:
        """Wait for the first packet."""
        self._offset: int | None = None

    def offset(self, stamp_ns: int, sensor_ns: int) -> tuple[int, bool]:
        """
        Return what to add to the sensor's times of a packet, and whether time starts anew there.

        :param sensor_ns: time of the packet's first event.
        """
        difference = stamp_ns - sensor_ns
        if self._offset is None or abs(difference - self._offset) > _JUMP_NS:
            anew = self._offset is not None
            self._offset = difference
            return difference, anew
        self._offset += (difference - self._offset) // _FOLLOW
        return self._offset, False

    def reset(self) -> None:
        """Forget the difference."""
        self._offset = None
