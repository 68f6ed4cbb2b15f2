"""
Events in tables of Parquet with columns t, x, y and p, as pandas writes them.

Times are integers in microseconds, or times of Parquet; polarities are 1, and 0 or -1. Such files
of a DAVIS346 are the data set QCR-Event-VPR (Fischer and Milford, How Many Events Do You Need?,
2022).
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Iterator

from ..errors import SourceError
from .event_order import Block, block_of

if TYPE_CHECKING:
    import pyarrow
    from pyarrow.parquet import ParquetFile

FORMATS = (
    (
        'Parquet (`.parquet`)',
        'columns `t` (us, or a time of Parquet), `x`, `y`, `p`; any compression of pyarrow',
        'pyarrow (writer)',
    ),
)
"""Formats that are read: name, version, what each was tested against."""
_COLUMNS = ('t', 'x', 'y', 'p')
# Events that are read at once, and bytes of a file.
_EVENTS, _BUFFER = 1 << 16, 1 << 20
# Stored data may unpack to at most this many times its size.
_RATIO_MAX = 5000


def check_events(path: Path) -> None:
    """
    Check that a file has events.

    :raises SourceError: if it has none, they are of other types, or pyarrow is not installed.
    """
    with _opened(path) as file:
        schema = file.schema_arrow
        missing = [name for name in _COLUMNS if name not in schema.names]
        if missing:
            raise SourceError(
                f'{path}: expected columns t, x, y, p, found {", ".join(schema.names)[:80]}'
            )
        for name in _COLUMNS:
            _check_type(path, name, schema.field(name).type)
        size = path.stat().st_size
        for number in range(file.metadata.num_row_groups):
            group = file.metadata.row_group(number)
            for column in map(group.column, range(group.num_columns)):
                stored, unpacked = column.total_compressed_size, column.total_uncompressed_size
                if not 0 <= stored <= size or not 0 <= unpacked <= _RATIO_MAX * max(stored, 1):
                    raise SourceError(
                        f'{path}: damaged: a column claims {unpacked:,} bytes, of which '
                        f'{stored:,} are stored in a file of {size:,}'
                    )


def read_events(path: Path) -> Iterator[Block]:
    """
    Yield times in us and events without time.

    :raises SourceError: if the file is damaged.
    """
    with _opened(path) as file:
        for batch in file.iter_batches(_EVENTS, columns=list(_COLUMNS), use_threads=False):
            columns = {name: _numbers(batch.column(name)) for name in _COLUMNS}
            if empty := sum(column.null_count for column in columns.values()):
                raise SourceError(f'{path}: expected events, found {empty} empty values')
            yield block_of(
                {name: column.to_numpy(zero_copy_only=False) for name, column in columns.items()}
            )


def _check_type(path: Path, name: str, kind: pyarrow.DataType) -> None:
    from pyarrow import types

    right = types.is_integer(kind)
    if name == 't':
        right |= types.is_timestamp(kind) or types.is_duration(kind)
    elif name == 'p':
        right |= types.is_boolean(kind)
    if not right:
        what = {'t': 'microseconds', 'p': 'polarities'}.get(name, 'pixels')
        raise SourceError(f'{path}: {name}: expected integers, {what}, found {kind}')


def _numbers(column: pyarrow.Array) -> pyarrow.Array:
    """Return times as microseconds."""
    import pyarrow

    if pyarrow.types.is_timestamp(column.type):
        unit = pyarrow.timestamp('us')
    elif pyarrow.types.is_duration(column.type):
        unit = pyarrow.duration('us')
    else:
        return column
    return column.cast(unit, safe=False).cast(pyarrow.int64())


@contextmanager
def _opened(path: Path) -> Iterator[ParquetFile]:
    """
    Open a file.

    :raises SourceError: if it is damaged, also while it is read, or pyarrow is not installed.
    """
    try:
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise SourceError(f'{path}: Parquet needs pyarrow: pip install pyarrow') from None
    try:
        # By default whole groups of rows are read, of which a file may have one.
        with ParquetFile(path, buffer_size=_BUFFER, pre_buffer=False) as file:
            yield file
    except SourceError:
        raise
    except Exception as error:  # noqa: BLE001 - pyarrow raises errors of many types for damage
        text = ' '.join(str(error).split())[:200]
        raise SourceError(f'{path}: damaged, or no file of Parquet ({text})') from None
