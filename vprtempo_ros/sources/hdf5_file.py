"""
Events in HDF5: columns of a group (DSEC, M3ED, NSAVP), or one table (Prophesee, MVSEC).

DSEC: events/x, y, t, p and t_offset, which is to be added to t. M3ED: the same in prophesee/left,
with calib/resolution. Prophesee: CD/events with the fields x, y, p, t. Times are integers in
microseconds. NSAVP: events/x_coordinates, y_coordinates, timestamps, polarities, in nanoseconds.
MVSEC: davis/left/events, float64 (events, 4) of x, y, t in seconds and p. Polarities are 1, and 0
or -1, in all. Formats: dsec.ifi.uzh.ch, "Data format"; m3ed.io, "Data files"; docs.prophesee.ai,
"HDF5 event file format"; nsavp_tools, documentation/data_format.md; daniilidis-group.github.io,
"The multi vehicle stereo event camera dataset".
"""

from __future__ import annotations

import math
import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Iterator, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..arrays import Doubles
from ..errors import SourceError
from ..events.packet import Size
from ..support.hdf5 import check_size, find, scalar, text_of
from ..support.hdf5_chunks import ChunkChecks, UnknownFilter
from .event_order import Block, block_of

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
        'HDF5 (`.h5`, `.hdf5`), layout of M3ED',
        '`prophesee/left`, or `prophesee/right` named in `input.topic`; its `calib/resolution`',
        'own writer, after their description',
    ),
    (
        'HDF5 (`.h5`, `.hdf5`), layout of MVSEC',
        '`davis/left/events`, or `davis/right/events` named in `input.topic`: x, y, t (seconds), p',
        'own writer, after programs that read it',
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
_GROUPS = ('events', 'CD/events', 'davis/left/events', 'prophesee/left')
_FIELDS = ('t', 'x', 'y', 'p')
# Columns of a table without names, whose times are in seconds.
_UNNAMED = ('x', 'y', 't', 'p')
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
        several = (f'{parent}/t_offset' if parent else 't_offset', 't_offset')
        offsets = [find(file, each) for each in several]
        offset = next((found for found in map(_integer, offsets) if found is not None), 0)
        return Hdf5Events(path, where, offset, _size(file, where))


def read_events(found: Hdf5Events) -> Iterator[Block]:
    """
    Yield times in us, int64, and events without time, uint64.

    :raises SourceError: if the file is damaged.
    """
    with opened(found.path) as file:
        columns, per_us = _columns(file, found.group)
        table = columns['t']
        length = len(table)
        parts_of = {table.name: table} if _is_table(table) else columns
        checks = [ChunkChecks(column) for column in parts_of.values()]
        for begin in range(0, length, _EVENTS):
            end = min(begin + _EVENTS, length)
            for each in checks:
                each.check(end)
            if table.dtype.names:
                rows = table[begin:end]
                parts = {name: rows[name] for name in _FIELDS}
            elif table.ndim == 2:
                parts = _of_rows(table[begin:end])
            else:
                parts = {name: columns[name][begin:end] for name in _FIELDS}
            yield block_of(parts, per_us, found.offset_us)


def _of_rows(rows: Doubles) -> dict[str, NDArray[np.integer]]:
    """Return the fields of rows (events, 4); what is no number becomes an impossible one."""
    columns = dict(zip(_UNNAMED, rows.T))
    # Rounded: a float64 has the seconds since 1970 to a quarter of a microsecond.
    times = np.nan_to_num(np.round(columns['t'] * 1e6), nan=-1, posinf=-1, neginf=-1)
    found = {'t': np.clip(times, -1, 1 << 62).astype(np.int64)}
    for name in 'xy':
        inside = (columns[name] >= 0) & (columns[name] <= 0xFFFF)
        found[name] = np.where(inside, columns[name], 0xFFFF).astype(np.int64)
    found['p'] = (columns['p'] > 0).astype(np.int64)
    return found


def _is_table(data: h5py.Dataset) -> bool:
    """Return whether an array has all fields of an event in a row."""
    return bool(data.dtype.names) or data.ndim == 2


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
        unnamed = node.ndim == 2 and node.shape[1] == len(_UNNAMED)
        fields = _FIELDS if unnamed or set(_FIELDS) <= set(node.dtype.names or ()) else ()
        return _Columns(dict.fromkeys(fields, node))
    for names, per_us in _LAYOUTS if isinstance(node, h5py.Group) else ():
        found = {field: find(node, each) for field, each in zip(_FIELDS, names)}
        if all(isinstance(each, h5py.Dataset) for each in found.values()):
            return _Columns(found, per_us)
    return _Columns({})


def _check(path: Path, where: str, columns: dict[str, h5py.Dataset]) -> None:
    """Check types, and that nothing is larger than what is stored can be."""
    lengths = {each.shape for each in columns.values()}
    rows = columns['t'].ndim == 2
    if len(lengths) != 1 or len(next(iter(lengths))) != 1 + rows:
        raise SourceError(f'{path}: {where}: expected t, x, y, p of one length, found {lengths}')
    for name, column in columns.items():
        dtype = column.dtype[name] if column.dtype.names else column.dtype
        if rows and dtype != np.float64:
            raise SourceError(
                f'{path}: {where}: expected float64, of which a column is seconds, found {dtype}'
            )
        if not rows and dtype.kind not in ('iub' if name == 'p' else 'iu'):
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
    """Return the size of the sensor as Prophesee, RVT, evutils, M3ED and MVSEC note it."""
    match = re.fullmatch(r'(\d{1,5})\s*x\s*(\d{1,5})', text_of(file, 'geometry').strip())
    pairs = [(int(match[1]), int(match[2]))] if match else []
    for place in (file, find(file, where)):
        sides = [
            _integer(find(place, name)) or _integer(scalar(place, name))
            for name in ('width', 'height')
        ]
        pairs.append((sides[0] or 0, sides[1] or 0))
    given: Any = find(file, f'{where}/calib/resolution')
    if getattr(given, 'shape', None) == (2,) and given.dtype.kind in 'iu':
        pairs.append((int(given[0]), int(given[1])))
    # The camera's images, of the same pixels.
    images: Any = find(file, f'{where.rpartition("/")[0]}/image_raw')
    if getattr(images, 'ndim', 0) == 3:
        pairs.append((images.shape[2], images.shape[1]))
    return next((pair for pair in pairs if all(0 < side <= 1 << 14 for side in pair)), None)
