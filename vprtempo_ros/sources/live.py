"""Checks of a live topic of frames before recording, mostly without decoding."""

from __future__ import annotations

import time
from functools import partial

from ..errors import EventError, ImageError
from ..frames import Image
from ..support.reasons import Reasons
from .cdr import COMPRESSED, IMAGE, prepare, read_message, stamp_ns
from .event_msg import EVENT_TYPES, read_packet
from .image_msg import decode_compressed, decode_image
from .same_size import SameSize

FRAME_TYPES = {'image': (IMAGE, COMPRESSED), 'events': EVENT_TYPES}

# Stamps that step back by more than this, in nanoseconds, are a time jump.
_BACK_NS = 1_000_000_000
# Compressed images are decoded for a check once in this time, in seconds.
_LOOK_PERIOD = 1.0


class FrameValidator:
    """
    Checks the frames of a topic for what would keep them from becoming places.

    `bad` counts unusable frames by reason. `jumped` is the number of seconds by which stamps
    stepped back, or 0.
    """

    def __init__(self, type_name: str, decoder: str = '') -> None:
        """
        Expect messages of a type in FRAME_TYPES.

        :param decoder: input.decoder.
        :raises EventError: if that decoder is not installed.
        """
        self.bad = Reasons()
        self.jumped = 0.0
        self._type = type_name
        if type_name in EVENT_TYPES:
            # Imports compiled loops, which only event topics need.
            from ..events.decoding import new_decoder

            new_decoder('mono', decoder)
            self._check_encoding = partial(new_decoder, prefer=decoder)
        prepare(type_name)
        self._size = SameSize()
        self._latest = 0
        self._looked = 0.0
        self._encoding = ''

    def look(self, data: bytes, received_ns: int) -> int | None:
        """
        Return the stamp of a frame in ns, or None if it is unusable or after a time jump.

        :param received_ns: the stamp of frames that have none.
        """
        try:
            stamp = self._look(data) or received_ns
        except (ImageError, EventError) as error:
            self.bad.count(str(error))
            return None
        if stamp < self._latest - _BACK_NS:
            self.jumped = (self._latest - stamp) * 1e-9
            return None
        self._latest = max(self._latest, stamp)
        return stamp

    def _look(self, data: bytes) -> int:
        if self._type in EVENT_TYPES:
            packet = read_packet(data, self._type)
            packet.check()
            self._size.check(packet.width, packet.height)
            if packet.encoding != self._encoding:
                self._check_encoding(packet.encoding)
                self._encoding = packet.encoding
            return packet.stamp_ns
        message = read_message(data, self._type)
        if self._type == IMAGE:
            self._check_image(decode_image(message))
        elif (now := time.monotonic()) - self._looked >= _LOOK_PERIOD:
            self._looked = now
            self._check_image(decode_compressed(message))
        return stamp_ns(message.header)

    def _check_image(self, image: Image) -> None:
        image.check_contrast()
        self._size.check(image.width, image.height)


class RateLimiter:
    """Passes at most `rate` frames per second, evenly in spite of jitter."""

    def __init__(self, rate: float) -> None:
        """Pass all frames if `rate` is 0."""
        self._period_ns = round(1e9 / rate) if rate else 0
        self._due = 0

    def wanted(self, stamp: int) -> bool:
        """Return whether to pass the frame with this stamp in ns."""
        if stamp < self._due - self._period_ns:
            self._due = 0  # Stamps of another clock.
        if stamp < self._due:
            return False
        late = stamp - self._due
        # If the frame is late by jitter, the next is due as if it were on time; not so after a gap.
        self._due = (self._due if late < self._period_ns else stamp) + self._period_ns
        return True
