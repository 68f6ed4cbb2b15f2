"""
Files of jAER (.aedat, AEDAT 2.0) with events of a DAVIS.

After lines that begin with # come pairs of address and time in us, uint32 and big-endian. An
address has y in bits 22 to 30, x in 12 to 21, polarity in 11; bit 31 marks samples of frames and of
the inertial sensor, bit 10 external events. Rows count from the bottom and columns from the right,
as jAER shows them. Times wrap. Format: docs.inivation.com, "AEDAT 2.0"; jAER, DavisBaseCamera.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import BinaryIO, Iterator

import numpy as np
from numpy.typing import NDArray

from ..errors import SourceError
from ..events.packet import Size

FORMATS = (
    (
        'jAER `.aedat`',
        'AEDAT 2.0 of DAVIS cameras (named in `input.topic` where the header does not); 32 bits of '
        'time, wraps; frames and other samples are passed over',
        'aerpy (reader)',
    ),
)
"""Formats that are read: name, version, what each was tested against."""
_SIZES: dict[str, Size] = {
    '128': (128, 128),
    '208': (208, 192),
    '240': (240, 180),
    '346': (346, 260),
    '640': (640, 480),
}
_DAVIS = re.compile(r'davis(128|208|240|346|640)', re.IGNORECASE)
# Headers may hold all settings of jAER.
_HEADER_MAX, _LINE_MAX = 1 << 24, 1 << 20
_BYTES = 1 << 19
_NO_EVENT = np.uint32(1 << 31 | 1 << 10)


class Aedat2File:
    """
    A file of jAER; size: of the sensor.

    :raises SourceError: if it is none of AEDAT 2.0, or not of a known DAVIS.
    """

    def __init__(self, path: Path, wanted: str = '') -> None:
        """Read the header; wanted: name of the camera, such as Davis346, if it has none."""
        self.path = path
        try:
            with path.open('rb') as stream:
                chip = self._header(stream)
                self._begin = stream.seek(0, 1)
        except OSError as error:
            raise SourceError(f'{path}: cannot be read ({error.strerror})') from None
        found = _DAVIS.search(wanted or chip)
        if found is None:
            raise SourceError(
                f'{path}: expected events of a DAVIS 128, 208, 240, 346 or 640, found '
                f'{(wanted or chip)[:60]!r} as AEChip: name the camera in input.topic, as Davis346'
            )
        self.size = _SIZES[found[1]]

    def events(self) -> Iterator[tuple[NDArray[np.int64], NDArray[np.uint64]]]:
        """Yield times in us, int64, and events without time, uint64."""
        width, height = self.size
        last: int | None = None
        with self.path.open('rb') as stream:
            stream.seek(self._begin)
            while data := stream.read(_BYTES):
                # A file that was cut off ends within a pair.
                pairs = np.frombuffer(data[: len(data) // 8 * 8], '>u4').reshape(-1, 2)
                pairs = pairs[pairs[:, 0] & _NO_EVENT == 0]
                if not len(pairs):
                    continue
                address, time = pairs[:, 0].astype(np.uint64), pairs[:, 1].astype(np.uint32)
                first = int(time[0]) if last is None else last
                # Differences of 32 bits are right across a wrap.
                steps = np.diff(time, prepend=np.uint32(first % 2**32)).view(np.int32)
                times = first + np.cumsum(steps, dtype=np.int64)
                last = int(times[-1])
                # A column or row outside of the sensor becomes a huge one.
                x = np.uint64(width - 1) - (address >> np.uint64(12) & np.uint64(0x3FF))
                y = np.uint64(height - 1) - (address >> np.uint64(22) & np.uint64(0x1FF))
                yield (
                    times,
                    (address >> np.uint64(11) & np.uint64(1)) << np.uint64(63)
                    | np.minimum(y, np.uint64(0x7FFF)) << np.uint64(48)
                    | np.minimum(x, np.uint64(0xFFFF)) << np.uint64(32),
                )

    def _header(self, stream: BinaryIO) -> str:
        """Leave the stream at the first event; return the name of the chip."""
        first = stream.readline(_LINE_MAX).strip()
        if first != b'#!AER-DAT2.0':
            raise SourceError(
                f'{self.path}: expected AEDAT 2.0, found {ascii(first[:20].decode("latin-1"))}: '
                'convert it to .aedat4 with DV'
            )
        chip = ''
        begin = stream.seek(0, 1)
        while begin < _HEADER_MAX:
            line = stream.readline(_LINE_MAX)
            # The first event may begin like a line.
            if not (line.startswith(b'#') and line.endswith(b'\n') and line.strip().isascii()):
                break
            begin += len(line)
            text = line[1:].decode('ascii').strip()
            if not text.isprintable():
                begin -= len(line)
                break
            name, _, value = text.partition(':')
            if name == 'AEChip':
                chip = value.strip()
            if text == 'End Of ASCII Header':
                break
        stream.seek(begin)
        return chip
