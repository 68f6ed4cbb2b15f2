"""Decoding by event_camera_py, where it is installed (from apt, on robots)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import EventError
from .packet import POLARITY_SHIFT, X_SHIFT, Y_SHIFT, EventBuffer, Packet, leap

if TYPE_CHECKING:
    from event_camera_py import Decoder

# Bytes of a word in each encoding: event_camera_py reads beyond a packet that ends within a word.
_WORD_BYTES = {'evt3': 2, 'libcaer_cmp': 2, 'libcaer': 8, 'mono': 8}
_SPAN_US = 4_290_000
_JITTER_US = 50_000


def event_camera_py() -> type[Decoder] | None:
    """Return the decoder class of event_camera_py, or None where that is not installed."""
    try:
        from event_camera_py import Decoder
    except ImportError:
        return None
    return Decoder


class ExternalDecoder:
    """
    Decodes the packets of one stream with the decoder of event_camera_py.

    That decoder silently drops events outside the sensor, and returns times in microseconds as
    int32 without their upper bits, which are restored here.
    """

    def __init__(self, decoder: type[Decoder]) -> None:
        """Use a decoder class."""
        self._class = decoder
        self.forget()

    def forget(self) -> None:
        """Create the decoder again: it has no function to reset its state."""
        self._decoder = self._class()
        self._last_us: int | None = None

    def decode(self, packet: Packet, out: EventBuffer) -> None:
        """
        Fill the buffer with the events of the next packet.

        :raises EventError: if the bytes are not whole words or cannot be decoded, or times leap.
        """
        size = _WORD_BYTES[packet.encoding]
        words = packet.words(size)
        try:
            self._decoder.decode_array(
                packet.encoding, packet.width, packet.height, packet.time_base, words.view(np.uint8)
            )
            found = self._decoder.get_cd_events()
        except Exception as error:  # pybind11 turns C++ exceptions into several Python types.
            self.forget()
            raise EventError(
                f'event_camera_py cannot decode {packet.encoding} ({" ".join(str(error).split())})'
            ) from None
        memory = out.reserve(len(found))
        if not len(found):
            out.fill(0, 0)
            return
        # int32 differences are right without the upper bits.
        first = int(found['t'][0])
        since = (found['t'].astype(np.int64) - first + _JITTER_US).astype(np.uint32)
        if int(since.max()) > _SPAN_US:
            raise leap()
        step = 0 if self._last_us is None else (first - self._last_us + 2**31) % 2**32 - 2**31
        self._last_us = first if self._last_us is None else self._last_us + step
        memory[: len(found)] = (
            (found['p'].astype(np.uint64) & np.uint64(1)) << np.uint64(POLARITY_SHIFT)
            | found['y'].astype(np.uint64) << np.uint64(Y_SHIFT)
            | found['x'].astype(np.uint64) << np.uint64(X_SHIFT)
            | since.astype(np.uint64) * np.uint64(1000)
        )
        out.fill(len(found), (self._last_us - _JITTER_US) * 1000)
