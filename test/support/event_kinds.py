"""Event files of every kind that is read, encoded from the same events."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from support.event_files import aedat4_events, aedat4_header, aedat4_packet, dsec
from support.events import HEIGHT, WIDTH, Events, encode


def evt2(events: Events) -> NDArray[np.uint8]:
    """Encode EVT 2.0, with a word of time where the upper bits change, and triggers between."""
    words: list[int] = []
    high = -1
    for x, y, p, t in zip(*(column.tolist() for column in events)):
        if t >> 6 != high:
            high = t >> 6
            words += [8 << 28 | high & 0xFFFFFFF, 0xA << 28 | 5, 0xE << 28, 0xF << 28]
        words.append(p << 28 | (t & 63) << 22 | x << 11 | y)
    return np.array(words, '<u4').view(np.uint8)


def evt21(events: Events) -> NDArray[np.uint8]:
    """Encode EVT 2.1: a mask of columns for events of one row, time and polarity."""
    words: list[int] = []
    high = -1
    last = (-1, -1, -1, -1)
    for x, y, p, t in zip(*(column.tolist() for column in events)):
        if t >> 6 != high:
            high = t >> 6
            words += [(8 << 28 | high & 0xFFFFFFF) << 32, (0xA << 28 | 5) << 32, 0xE << 60]
        base = x // 32 * 32
        bit = 1 << (x - base)
        if (base, y, p, t) == last and words[-1] & 0xFFFFFFFF < bit:
            words[-1] |= bit
            continue
        last = (base, y, p, t)
        words.append((p << 28 | (t & 63) << 22 | base << 11 | y) << 32 | bit)
    return np.array(words, '<u8').view(np.uint8)


def dat(events: Events) -> NDArray[np.uint8]:
    """Encode DAT."""
    x, y, p, t = (column.astype(np.uint64) for column in events)
    words = (t & np.uint64(0xFFFFFFFF)) | (
        x | y << np.uint64(14) | p << np.uint64(28)
    ) << np.uint64(32)
    return words.astype('<u8').view(np.uint8)


def legacy(events: Events) -> NDArray[np.uint8]:
    """Encode EVT 2.1 with the halves of its words swapped."""
    return evt21(events).view('<u4').reshape(-1, 2)[:, ::-1].copy().view(np.uint8)


def aedat4(events: Events) -> bytes:
    """Encode AEDAT 4.0."""
    data = aedat4_header([(0, 'EVTS', 'events'), (1, 'TRIG', 'triggers')])
    for begin in range(0, len(events.x), 900):
        data += aedat4_packet(1, b'TRIG', b'')
        data += aedat4_packet(0, b'EVTS', aedat4_events(events.part(slice(begin, begin + 900))))
    return data


ENCODERS = {
    'EVT2': evt2,
    'EVT21': evt21,
    'EVT21;endianness=legacy': legacy,
    'EVT3': lambda events: encode('evt3', events),
    'DAT': dat,
}
KINDS = (*ENCODERS, 'AEDAT4', 'HDF5')


def write(path: Path, kind: str, events: Events, header: str | None = None) -> Path:
    """Write a file; by default with the header of Prophesee's recorders."""
    if kind == 'AEDAT4':
        path = path.with_suffix('.aedat4')
        path.write_bytes(aedat4(events))
        return path
    if kind == 'HDF5':
        path = path.with_suffix('.h5')
        dsec(path, events)
        return path
    if header is None:
        header = f'% format {kind};height={HEIGHT};width={WIDTH}\n% end\n'
        if kind == 'DAT':
            header = f'% Version 2\n% Width {WIDTH}\n% Height {HEIGHT}\n'
    path = path.with_suffix('.dat' if kind == 'DAT' else '.raw')
    marks = b'\x0c\x08' if kind == 'DAT' else b''
    path.write_bytes(header.encode() + marks + ENCODERS[kind](events).tobytes())
    return path
