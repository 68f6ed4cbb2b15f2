"""What a live topic of frames brings, looked at as it comes and before anything is decoded."""

from __future__ import annotations

import time
from collections import Counter
from functools import partial
from typing import Any

from ..errors import EventError, ImageError
from .cdr import COMPRESSED, IMAGE, prepare, read_message, stamp_ns
from .event_msg import EVENT_TYPES, read_packet
from .image_msg import decode_compressed, decode_image
from .same_size import SameSize

FRAME_TYPES = {'image': (IMAGE, COMPRESSED), 'events': EVENT_TYPES}

# Stamps may step back by this much, in nanoseconds, before it is another time.
_BACK_NS = 1_000_000_000
# Compressed images are decoded to be looked at no oftener than this, in seconds.
_LOOK_PERIOD = 1.0
# So many different reasons are kept.
_REASONS = 20


class FrameValidator:
    """
    Tells stamps of the frames of a topic, and what would keep them from becoming places.

    `bad` counts frames by what is wrong with them; `jumped` is by how many seconds the stamps
    went back, 0 while they did not.
    """

    def __init__(self, type_name: str, decoder: str = '') -> None:
        """
        Expect messages of one of FRAME_TYPES.

        :param decoder: input.decoder.
        :raises EventError: if that is not installed.
        """
        self.bad: Counter[str] = Counter()
        self.jumped = 0.0
        self._type = type_name
        if type_name in EVENT_TYPES:
            # Compiled loops come with it: only where there are events.
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
        Return the stamp of a frame in ns, or None if it is bad or after a jump back.

        :param received_ns: taken where the frame has no stamp of its own.
        """
        try:
            stamp = self._look(data) or received_ns
        except (ImageError, EventError) as error:
            reason = str(error)
            self.bad[reason if reason in self.bad or len(self.bad) < _REASONS else 'other'] += 1
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

    def _check_image(self, image: Any) -> None:
        image.check_contrast()
        self._size.check(image.width, image.height)


class RateLimiter:
    """Lets so many frames a second through, evenly, whatever their jitter."""

    def __init__(self, rate: float) -> None:
        """Let all through if `rate` is 0."""
        self._period_ns = round(1e9 / rate) if rate else 0
        self._due = 0

    def wanted(self, stamp: int) -> bool:
        """Tell whether the frame of this stamp in ns goes through."""
        if stamp < self._due - self._period_ns:
            self._due = 0  # A time before: another clock.
        if stamp < self._due:
            return False
        late = stamp - self._due
        # Late by jitter, the next one is due as if it had been in time; after a gap it is not.
        self._due = (self._due if late < self._period_ns else stamp) + self._period_ns
        return True
