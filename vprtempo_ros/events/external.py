"""Decoding by event_camera_py, where it is installed (apt, on robots)."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import EventError
from .packet import POLARITY_SHIFT, X_SHIFT, Y_SHIFT, EventBuffer, Packet, leap

# Bytes of the words of each encoding: event_camera_py reads beyond a packet that ends in between.
_WORD_BYTES = {'evt3': 2, 'libcaer_cmp': 2, 'libcaer': 8, 'mono': 8}
_SPAN_US = 4_290_000
_JITTER_US = 50_000


def event_camera_py() -> Any:
    """Return the decoder class of event_camera_py, or None where that is not installed."""
    try:
        from event_camera_py import Decoder
    except ImportError:
        return None
    return Decoder


class ExternalDecoder:
    """
    Decodes the packets of one stream with a decoder that works as event_camera_py's.

    That one leaves out what lies outside the sensor, without a word, and gives times in
    microseconds as int32, of which the upper bits are missing; they are unwrapped here.
    """

    def __init__(self, decoder: Any) -> None:
        """Take the class."""
        self._class = decoder
        self.forget()

    def forget(self) -> None:
        """Begin anew: that decoder cannot be told that something is missing."""
        self._decoder = self._class()
        self._last_us: int | None = None

    def decode(self, packet: Packet, out: EventBuffer) -> None:
        """
        Fill the buffer with the events of the next packet.

        :raises EventError: if the bytes are no whole words, cannot be decoded, or times leap.
        """
        size = _WORD_BYTES[packet.encoding]
        words = packet.words(size)
        try:
            self._decoder.decode_array(
                packet.encoding, packet.width, packet.height, packet.time_base, words.view(np.uint8)
            )
            found = self._decoder.get_cd_events()
        except Exception as error:  # pybind11 turns whatever the C++ throws into RuntimeError.
            self.forget()
            raise EventError(
                f'event_camera_py cannot decode {packet.encoding} ({" ".join(str(error).split())})'
            ) from None
        memory = out.reserve(len(found))
        if not len(found):
            out.fill(0, 0)
            return
        # int32 differences are right whatever bits are missing.
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
