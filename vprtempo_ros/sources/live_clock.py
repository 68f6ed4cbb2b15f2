"""When live messages were sent: by their stamps, or by receive times where these do not say it."""

from __future__ import annotations

from collections import deque

import numpy as np

from .stamps import Stamps, useless

# Messages whose stamps are looked at, and how many come from look to look.
_LOOKED_AT, _EVERY = 256, 8
# They are received over this time at least, and one after the other within the second, in ns.
_LEAST_NS, _PAUSE_NS = 3_000_000_000, 10_000_000_000


class LiveClock:
    """
    Times of the messages of a topic, in ns.

    why: why receive times are used in place of the stamps; empty while stamps are used.
    """

    def __init__(self) -> None:
        """Trust the stamps of a topic until they are known not to say when."""
        self.why = ''
        self._seen: deque[tuple[int, int]] = deque(maxlen=_LOOKED_AT)
        self._count = 0

    def time(self, stamp_ns: int, received_ns: int) -> int:
        """Return when a message was sent, by its stamp and the time when it was received."""
        if self._seen and not 0 <= received_ns - self._seen[-1][0] < _PAUSE_NS:
            # A pause, or a clock that was set.
            self._seen.clear()
        self._seen.append((received_ns, stamp_ns))
        self._count += 1
        if self._count % _EVERY == 0:
            received, stamped = np.array(self._seen, np.int64).T
            if np.ptp(received) > _LEAST_NS:
                self.why = useless(Stamps('', received, stamped))
        return received_ns if self.why else stamp_ns
