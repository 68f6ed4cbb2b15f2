"""Files of Prophesee's event cameras: .raw (EVT 2.0, 2.1, 3.0) and .dat."""

from __future__ import annotations

import re
from pathlib import Path
from typing import BinaryIO, Callable, Iterator, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import SourceError
from ..events.evt3 import decode_words, new_state
from ..events.packet import Size
from ..events.prophesee import MOST, STATE, UNKNOWN, decode_dat, decode_evt2, decode_evt21
from ..support.reasons import Reasons

# Format in the header, and bytes of its words.
_WORDS = {'EVT2': 4, 'EVT21': 8, 'EVT3': 2, 'DAT': 8}
_Decode = Callable[..., tuple[int, int, int]]
_DECODERS: dict[str, _Decode] = {'EVT2': decode_evt2, 'EVT21': decode_evt21, 'DAT': decode_dat}
FORMATS = (
    (
        'Prophesee `.raw`, EVT 2.0',
        '34 bits of time, wraps',
        'expelliarmus, faery, evutils (writers)',
    ),
    (
        'Prophesee `.raw`, EVT 2.1',
        '34 bits of time, wraps; little-endian and legacy',
        'evutils (writer of legacy); own writer',
    ),
    ('Prophesee `.raw`, EVT 3.0', '24 bits of time, wraps', 'faery, evutils (writers)'),
    (
        'Prophesee `.dat`',
        'version 1 and 2; 32 bits of time, wraps',
        'expelliarmus, faery, evutils (writers)',
    ),
)
"""Formats that are read: name, version, what each was tested against."""
_DTYPES = {2: '<u2', 4: '<u4', 8: '<u8'}
# A header has some hundred bytes; a line some dozens.
_HEADER_MAX = 1 << 16
# Bytes, and events, that are decoded at once.
_CHUNK, _EVENTS = 1 << 19, 1 << 16
# Maximum number of words of unknown kinds in a file.
_BAD = 1000


class Header(NamedTuple):
    """
    Format of a file, size of the sensor if it is given, begin of its data in bytes.

    legacy: the halves of EVT 2.1's words are swapped, as in files of the first such cameras.
    """

    format: str
    size: Size | None
    begin: int
    legacy: bool = False


def read_header(path: Path) -> Header:
    """
    Read the header of a file.

    :raises SourceError: if the file is none of an event camera, or of an unknown format.
    """
    try:
        with path.open('rb') as stream:
            fields, text = _fields(stream)
            begin = stream.seek(0, 1)
            kind = _kind(path, fields, text)
            if kind == 'DAT':
                marks = stream.read(2)
                if len(marks) < 2 or marks[0] not in (0x00, 0x0C) or marks[1] != 8:
                    raise SourceError(
                        f'{path}: expected change-detection events of 8 bytes, found type '
                        f'{marks.hex() or "none"}'
                    )
                begin += 2
    except OSError as error:
        raise SourceError(f'{path}: cannot be read ({error.strerror})') from None
    orders = fields.get('format', ''), f'endianness={fields.get("endianness", "")}'
    legacy = any('endianness=legacy' in text.lower() for text in orders)
    return Header(kind, _size(fields), begin, legacy and kind == 'EVT21')


def _fields(stream: BinaryIO) -> tuple[dict[str, str], bool]:
    """Return the fields of the header by name; leave the stream at its end."""
    fields: dict[str, str] = {}
    begin = 0
    while begin < _HEADER_MAX:
        line = stream.readline(1024)
        # Without a last line `% end`, events may begin like another line.
        if not (line.startswith(b'%') and line.endswith(b'\n') and _is_text(line)):
            stream.seek(begin)
            return fields, bool(fields)
        begin += len(line)
        name, _, value = line[1:].decode('latin-1').strip().partition(' ')
        if name == 'end':
            return fields, True
        fields[name.lower()] = value.strip()
    return fields, False


def _is_text(line: bytes) -> bool:
    return all(byte >= 0x20 or byte in b'\t\r\n' for byte in line)


def _kind(path: Path, fields: dict[str, str], text: bool) -> str:
    if not text:
        raise SourceError(
            f'{path}: expected the header of an event camera (lines with %), found none'
        )
    if path.suffix.lower() == '.dat':
        version = fields.get('version', '2')
        if version not in ('1', '2'):
            raise SourceError(f'{path}: expected DAT of version 2, found {version[:20]!r}')
        return 'DAT'
    named = fields.get('format', '').partition(';')[0].strip().upper()
    version = fields.get('evt', '')
    kind = named or {'2.0': 'EVT2', '2.1': 'EVT21', '3.0': 'EVT3'}.get(version, '')
    if kind not in _WORDS or kind == 'DAT':
        found = fields.get('format') or fields.get('evt') or 'none'
        raise SourceError(
            f'{path}: expected events in EVT 2.0, 2.1 or 3.0, found the format {found[:60]!r}'
        )
    return kind


def _size(fields: dict[str, str]) -> Size | None:
    """Return width and height in one of the notations of a header."""
    options = dict(
        part.split('=', 1) for part in fields.get('format', '').split(';') if '=' in part
    )
    pair = (
        options.get('width') or fields.get('width'),
        options.get('height') or fields.get('height'),
    )
    match = re.fullmatch(r'(\d{1,5})\s*x\s*(\d{1,5})', fields.get('geometry', ''))
    if match:
        pair = match[1], match[2]
    if all(text and text.isdecimal() and 0 < int(text) <= 1 << 14 for text in pair):
        return int(pair[0] or 0), int(pair[1] or 0)
    return None


def read_events(
    path: Path, header: Header, bad: Reasons
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.uint64]]]:
    """
    Yield times in us, int64, and events without time, uint64, in memory that is reused.

    Times are those of the sensor's clock, which begins anywhere. Words of unknown kinds are left
    out and counted in `bad`.

    :raises SourceError: if there are many of them.
    """
    kind = header.format
    size = _WORDS[kind]
    # The time of EVT 3.0 is in the events themselves.
    decode: _Decode = decode_words if kind == 'EVT3' else _DECODERS[kind]
    state = new_state() if kind == 'EVT3' else np.zeros(STATE, np.int64)
    times, events = np.empty(_EVENTS + MOST, np.int64), np.empty(_EVENTS + MOST, np.uint64)
    done = header.begin
    with path.open('rb') as stream:
        stream.seek(done)
        while data := stream.read(_CHUNK):
            # A file that was cut off ends within a word.
            words = np.frombuffer(data[: len(data) // size * size], _DTYPES[size])
            if header.legacy:
                words = words << np.uint64(32) | words >> np.uint64(32)
            position = 0
            while position < len(words):
                count, position, status = decode(words, position, state, times, events)
                yield times[:count], events[:count]
                if status == UNKNOWN:
                    where = done + int(position) * size
                    bad.count(f'expected {kind}, found a word of unknown kind at byte {where}')
                    if bad.total() > _BAD:
                        raise SourceError(
                            f'{path}: damaged or not in {kind}: more than {_BAD} words of unknown '
                            'kinds'
                        )
                    position += 1
            done += len(data)
