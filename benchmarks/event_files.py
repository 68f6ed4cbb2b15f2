"""Reading files of event cameras on one core, compared with readers from PyPI."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vprtempo_ros.events.evt3_encoder import encode_evt3
from vprtempo_ros.sources.event_files import open_event_file
from vprtempo_ros.support.reasons import Reasons

from .events import Columns, edges, in_turns
from .report import table

_WIDTH, _HEIGHT = 1280, 720
# Events that evutils returns at once; more or fewer take longer.
_AT_ONCE = 200_000


def evt2(events: Columns) -> bytes:
    """Encode EVT 2.0: a word for each event, and one where the upper bits of the time change."""
    x, y, p, t = (column.astype(np.uint32) for column in events)
    words = p << 28 | (t & 63) << 22 | x << 11 | y
    return _with_times(words, events.t, np.uint32(8 << 28), 0).tobytes()


def evt21(events: Columns) -> bytes:
    """Encode EVT 2.1: a word for the events in 32 columns of a row, time and polarity."""
    x, y, p, t = (column.astype(np.uint64) for column in events)
    base = x & ~np.uint64(31)
    words = p << 28 | (t & 63) << 22 | base << 11 | y
    key = t << np.uint64(32) | words
    begins = np.flatnonzero(np.diff(key, prepend=key[0] + np.uint64(1)))
    masks = np.bitwise_or.reduceat(np.uint64(1) << (x & np.uint64(31)), begins)
    packed = words[begins] << np.uint64(32) | masks
    return _with_times(packed, events.t[begins], np.uint64(8 << 60), 32).tobytes()


def legacy(events: Columns) -> bytes:
    """Encode EVT 2.1 with the halves of its words swapped, as the first such cameras."""
    return np.frombuffer(evt21(events), '<u4').reshape(-1, 2)[:, ::-1].tobytes()


def dat(events: Columns) -> bytes:
    """Encode DAT."""
    x, y, p, t = (column.astype(np.uint64) for column in events)
    return (t | (x | y << 14 | p << 28) << np.uint64(32)).tobytes()


def _with_times(
    words: NDArray[Any], times: NDArray[np.int64], kind: np.unsignedinteger, up: int
) -> NDArray[Any]:
    """Return the words with a word of time where the upper bits change."""
    high = times >> 6
    where = np.flatnonzero(np.diff(high, prepend=-1))
    marks = kind | high[where].astype(words.dtype) << words.dtype.type(up)
    return np.insert(words, where, marks)


def different(events: Columns) -> Columns:
    """Return events without repetitions, which a mask of columns cannot hold."""
    x, y, p, t = (column.astype(np.int64) for column in events)
    key = np.unique(t << 32 | y << 17 | p << 16 | x)
    return Columns(
        (key & 0xFFFF).astype(np.uint16),
        (key >> 17 & 0x7FFF).astype(np.uint16),
        (key >> 16 & 1).astype(np.uint8),
        key >> 32,
    )


_GEOMETRY = f'% geometry {_WIDTH}x{_HEIGHT}\n'
_SIZE = f'height={_HEIGHT};width={_WIDTH}'
FORMATS: dict[str, tuple[str, str, Callable[[Columns], bytes]]] = {
    'EVT 2.0': ('evt2', f'% evt 2.0\n% format EVT2;{_SIZE}\n{_GEOMETRY}% end\n', evt2),
    'EVT 2.1': ('evt21', f'% evt 2.1\n{_GEOMETRY}% end\n', evt21),
    'EVT 2.1, legacy': ('evt21', f'% format EVT21;endianness=legacy;{_SIZE}\n% end\n', legacy),
    'EVT 3.0': (
        'evt3',
        f'% evt 3.0\n% format EVT3;{_SIZE}\n{_GEOMETRY}% end\n',
        lambda events: encode_evt3(*events).tobytes(),
    ),
    'DAT': ('dat', f'% Version 2\n% Width {_WIDTH}\n% Height {_HEIGHT}\n\x0c\x08', dat),
}
"""By name: expelliarmus' name of the format, header, encoder."""


def ours(file: Path) -> int:
    """Read all events of a file; return their number."""
    return sum(len(times) for times, _ in open_event_file(file).blocks(Reasons()))


def peers(file: Path, kind: str) -> dict[str, Callable[[], int]]:
    """Return functions that read the file with each installed reader that can."""
    found: dict[str, Callable[[], int]] = {}
    with contextlib.suppress(ImportError):
        import expelliarmus

        def wizard() -> int:
            events = expelliarmus.Wizard(kind).read(str(file))
            return 0 if events is None else len(events)

        found['expelliarmus'] = wizard
    with contextlib.suppress(ImportError):
        import faery

        found['faery'] = lambda: sum(len(e) for e in faery.events_stream_from_file(str(file)))
    with contextlib.suppress(ImportError):
        import evutils.io

        found['evutils'] = lambda: sum(
            len(e) for e in evutils.io.EventReader(str(file), n_events=_AT_ONCE)
        )
    return found


def _reads(work: Callable[[], int], count: int) -> bool:
    try:
        return work() == count
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001 - errors of many types, for faery also a panic of Rust
        return False


def rows(folder: Path, name: str, events: Columns) -> list[list[str]]:
    """Return the rows of a format: rates, and times relative to ours."""
    kind, header, encode = FORMATS[name]
    file = folder / f'events.{"dat" if kind == "dat" else "raw"}'
    file.write_bytes(header.encode() + encode(events))
    count = ours(file)
    assert count == len(events.x), f'{name}: {count} of {len(events.x)} events'
    readers = peers(file, kind)
    able = {peer: work for peer, work in readers.items() if _reads(work, count)}
    found = in_turns({'vprtempo_ros': lambda: ours(file), **able})
    mine = np.array(found['vprtempo_ros'][1])
    lines = [
        [
            name,
            reader,
            f'{file.stat().st_size / count:.1f}',
            f'{count / float(np.median(seconds)) / 1e6:.0f}',
            f'{float(np.median(np.array(seconds) / mine)):.2f}',
        ]
        for reader, (_, seconds) in found.items()
    ]
    return lines + [[name, each, '', 'other events or none', ''] for each in readers.keys() - able]


def bench() -> None:
    """Print the table."""
    events = different(edges())
    # One core for all: some readers would use another one to read ahead.
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        with tempfile.TemporaryDirectory(
            dir='/dev/shm' if Path('/dev/shm').is_dir() else None
        ) as folder:
            lines = [row for name in FORMATS for row in rows(Path(folder), name, events)]
    finally:
        os.sched_setaffinity(0, allowed)
    table(
        ['format', 'reader', 'bytes an event', 'million events a second', 'time, ours = 1'], lines
    )
    print('\n(peers: pip install --no-deps -r env/requirements-peers.txt)')
