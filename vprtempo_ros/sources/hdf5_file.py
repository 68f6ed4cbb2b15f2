"""
Events in HDF5: columns of a group (DSEC, NSAVP) or one table (Prophesee).

DSEC: events/x, y, t, p and t_offset, which is to be added to t. Prophesee: CD/events with the
fields x, y, p, t. Times are integers in microseconds. NSAVP: events/x_coordinates, y_coordinates,
timestamps, polarities, in nanoseconds. Polarities are 1, and 0 or -1, in all. Formats:
dsec.ifi.uzh.ch, "Data format"; docs.prophesee.ai, "HDF5 event file format"; nsavp_tools,
documentation/data_format.md.
"""

from __future__ import annotations

import math
import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Iterator, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import SourceError
from ..events.packet import Size
from ..support.hdf5 import check_size, find, scalar, text_of
from ..support.hdf5_chunks import ChunkChecks, UnknownFilter

if TYPE_CHECKING:
    import h5py

FORMATS = (
    (
        'HDF5 (`.h5`, `.hdf5`), layout of DSEC',
        '`events/x`, `y`, `t`, `p`, `t_offset`, or a group named in `input.topic`; plain, gzip, '
        'lzf, and with hdf5plugin blosc, lz4, zstd, bitshuffle',
        'evutils (writer)',
    ),
    (
        'HDF5 (`.h5`, `.hdf5`), layout of NSAVP',
        '`events/x_coordinates`, `y_coordinates`, `timestamps` (ns), `polarities`',
        'own writer, after their description and writer',
    ),
    (
        'HDF5 (`.h5`, `.hdf5`), layout of Prophesee',
        '`CD/events`; compressed with ECF only where its plugin is installed',
        'h5py (writer), evutils (reader)',
    ),
)
"""Formats that are read: name, version, what each was tested against."""
_GROUPS = ('events', 'CD/events')
_FIELDS = ('t', 'x', 'y', 'p')
# Names of these, and times per microsecond.
_LAYOUTS = ((_FIELDS, 1), (('timestamps', 'x_coordinates', 'y_coordinates', 'polarities'), 1000))
# Events that are read at once, and the largest chunk of a column in bytes.
_EVENTS, _CHUNK_MAX = 1 << 16, 1 << 25


class _Columns(NamedTuple):
    """Datasets by field, a table under each of its fields, none if empty; times per us."""

    data: dict[str, h5py.Dataset]
    per_us: int = 1


class Hdf5Events(NamedTuple):
    """Where the events of a file are: path, group or table, time in us to add, size if given."""

    path: Path
    group: str
    offset_us: int
    size: Size | None


def find_events(path: Path, group: str = '') -> Hdf5Events:
    """
    Find the events of a file, in a named group or table, or in that of a known layout.

    :raises SourceError: if there are none, they are of other types, or h5py is not installed.
    """
    with opened(path) as file:
        names = (group,) if group else _GROUPS
        where = next((name for name in names if _columns(file, name).data), None)
        if where is None:
            raise SourceError(
                f'{path}: expected events as t, x, y, p in {" or ".join(names)}, found '
                f'{", ".join(sorted(file)[:8]) or "nothing"}; name their group in input.topic'
            )
        _check(path, where, _columns(file, where).data)
        # DSEC has it once for the file, others for each camera.
        parent = where.rpartition('/')[0]
        names = (f'{parent}/t_offset' if parent else 't_offset', 't_offset')
        offsets = [find(file, each) for each in names]
        offset = next((found for found in map(_integer, offsets) if found is not None), 0)
        return Hdf5Events(path, where, offset, _size(file, where))


def read_events(found: Hdf5Events) -> Iterator[tuple[NDArray[np.int64], NDArray[np.uint64]]]:
    """
    Yield times in us, int64, and events without time, uint64.

    :raises SourceError: if the file is damaged.
    """
    with opened(found.path) as file:
        columns, per_us = _columns(file, found.group)
        table = columns['t']
        length = len(table)
        parts_of = {table.name: table} if table.dtype.names else columns
        checks = [ChunkChecks(column) for column in parts_of.values()]
        for begin in range(0, length, _EVENTS):
            end = min(begin + _EVENTS, length)
            for each in checks:
                each.check(end)
            if table.dtype.names:
                rows = table[begin:end]
                parts = {name: rows[name] for name in _FIELDS}
            else:
                parts = {name: columns[name][begin:end] for name in _FIELDS}
            yield _packed(parts, per_us, found.offset_us)


def _packed(
    parts: dict[str, NDArray[np.integer]], per_us: int, offset_us: int
) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    times = parts['t'].astype(np.int64) // per_us + offset_us
    x, y = (parts[name].astype(np.uint64) for name in 'xy')
    # Columns and rows that do not fit their bits must stay outside of every sensor.
    x = np.minimum(x, np.uint64(0xFFFF)) << np.uint64(32)
    y = np.minimum(y, np.uint64(0x7FFF)) << np.uint64(48)
    return times, (parts['p'] > 0).astype(np.uint64) << np.uint64(63) | y | x


@contextmanager
def opened(path: Path) -> Iterator[h5py.File]:
    """
    Open a file.

    :raises SourceError: if it is damaged, also while it is read, or h5py is not installed.
    """
    try:
        import h5py
    except ImportError:
        raise SourceError(
            f'{path}: HDF5 needs h5py: pip install h5py hdf5plugin (apt: python3-h5py)'
        ) from None
    try:
        import hdf5plugin  # noqa: F401 - registers the filters blosc, zstd and others
    except ImportError:
        pass  # Files without these filters can be read; the error for others names the package.
    try:
        # A chunk that does not fit the cache would be unpacked again for each part of it.
        with h5py.File(path, 'r', rdcc_nbytes=_CHUNK_MAX) as file:
            yield file
    except SourceError:
        raise
    except UnknownFilter as error:
        raise SourceError(f'{path}: {error}') from None
    except Exception as error:  # noqa: BLE001 - h5py raises errors of many types for damage
        text = ' '.join(str(error).split())[:200]
        raise SourceError(f'{path}: {_reason(text)}') from None


def _reason(text: str) -> str:
    if 'filter' in text or 'plugin' in text:
        return (
            f'compressed with a filter that is not installed ({text}): pip install hdf5plugin, or '
            "for Prophesee's ECF its plugin (github.com/prophesee-ai/hdf5_ecf, HDF5_PLUGIN_PATH)"
        )
    return f'damaged, or no file of HDF5 ({text})'


def _columns(file: h5py.File, name: str) -> _Columns:
    """Return the columns of a group, or the table under each of its fields."""
    import h5py

    node = find(file, name)
    if isinstance(node, h5py.Dataset):
        fields = _FIELDS if set(_FIELDS) <= set(node.dtype.names or ()) else ()
        return _Columns(dict.fromkeys(fields, node))
    for names, per_us in _LAYOUTS if isinstance(node, h5py.Group) else ():
        found = {field: find(node, each) for field, each in zip(_FIELDS, names)}
        if all(isinstance(each, h5py.Dataset) for each in found.values()):
            return _Columns(found, per_us)
    return _Columns({})


def _check(path: Path, where: str, columns: dict[str, h5py.Dataset]) -> None:
    """Check types, and that nothing is larger than what is stored can be."""
    lengths = {each.shape for each in columns.values()}
    if len(lengths) != 1 or len(next(iter(lengths))) != 1:
        raise SourceError(f'{path}: {where}: expected t, x, y, p of one length, found {lengths}')
    for name, column in columns.items():
        dtype = column.dtype[name] if column.dtype.names else column.dtype
        if dtype.kind not in ('iub' if name == 'p' else 'iu'):
            what = 'microseconds' if name == 't' else 'pixels'
            raise SourceError(
                f'{path}: {where}/{name}: expected integers, in {what}, found {dtype}'
            )
        check_size(column)
        chunk = math.prod(column.chunks or (1,)) * column.dtype.itemsize
        if chunk > _CHUNK_MAX:
            raise SourceError(
                f'{path}: {where}/{name}: expected chunks of at most {_CHUNK_MAX:,} bytes, found '
                f'{chunk:,}'
            )


def _integer(node: Any) -> int | None:
    """Return the value of a scalar of integers."""
    if getattr(node, 'shape', None) != () or node.dtype.kind not in 'iu':
        return None
    return int(node[()])


def _size(file: h5py.File, where: str) -> Size | None:
    """Return the size of the sensor as Prophesee, RVT and evutils note it."""
    match = re.fullmatch(r'(\d{1,5})\s*x\s*(\d{1,5})', text_of(file, 'geometry').strip())
    pairs = [(int(match[1]), int(match[2]))] if match else []
    for place in (file, find(file, where)):
        sides = [
            _integer(find(place, name)) or _integer(scalar(place, name))
            for name in ('width', 'height')
        ]
        pairs.append((sides[0] or 0, sides[1] or 0))
    return next((pair for pair in pairs if all(0 < side <= 1 << 14 for side in pair)), None)
