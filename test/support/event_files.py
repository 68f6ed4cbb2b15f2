"""Files of event cameras, written byte by byte (AEDAT 4.0), or with h5py and pyarrow."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from support.events import HEIGHT, WIDTH, Events


def table(
    identifier: bytes, fields: dict[int, bytes], vectors: dict[int, tuple[int, bytes]]
) -> bytes:
    """
    Return a table of FlatBuffers with its size.

    :param fields: numbers by field; vectors: number of elements and bytes by field.
    """
    count = max([*fields, *vectors], default=-1) + 1
    slots, inline = [0] * count, b''
    for field, value in fields.items():
        inline += bytes(-len(inline) % len(value))
        slots[field] = 8 + len(inline)
        inline += value
    inline += bytes(-len(inline) % 4)
    for field in vectors:
        slots[field] = 8 + len(inline)
        inline += bytes(4)
    vtable = struct.pack(f'<HH{count}H', 4 + 2 * count, 8 + len(inline), *slots)
    vtable += bytes(-len(vtable) % 8)
    # Size, position of the root, identifier, vtable, table (its first 4 bytes are not used).
    at = 12 + len(vtable) + 4
    body = bytearray(struct.pack('<i', at + 4 - 16) + bytes(4) + inline)
    body[:8] = struct.pack('<ii', at - 12, 0)
    data = b''
    for field, (length, content) in vectors.items():
        where = slots[field]
        end = len(body) + len(data)
        struct.pack_into('<I', body, where, end - where)
        data += struct.pack('<I', length) + content + bytes(-len(content) % 8 + 4)
    whole = struct.pack('<I', at - 4) + identifier + vtable + bytes(4) + bytes(body) + data
    return struct.pack('<I', len(whole)) + whole


def aedat2(events: Events, width: int, height: int) -> bytes:
    """Return events as jAER stores them: rows from the bottom, columns from the right."""
    x, y, p, t = (column.astype(np.int64) for column in events)
    address = (height - 1 - y) << 22 | (width - 1 - x) << 12 | p << 11
    return np.stack((address, t % 2**32), 1).astype('>u4').tobytes()


AEDAT2_HEADER = (
    b'#!AER-DAT2.0\r\n# This is a raw AE data file - do not edit\r\n'
    b'# AEChip: eu.seebetter.ini.chips.davis.Davis346blue\r\n'
)


def aedat4_header(
    streams: Iterable[tuple[int, str, str]], compression: int = 0, size: str = f'{WIDTH}x{HEIGHT}'
) -> bytes:
    """Return the header of a file with streams of a number, type and name."""
    width, height = size.split('x')
    text = '<dv version="2.0"><node name="outInfo" path="/outInfo/">'
    for number, kind, name in streams:
        text += (
            f'<node name="{number}"><attr key="typeIdentifier" type="string">{kind}</attr>'
            f'<attr key="originalOutputName" type="string">{name}</attr><node name="info">'
            f'<attr key="sizeX" type="int">{width}</attr>'
            f'<attr key="sizeY" type="int">{height}</attr>'
            '<attr key="source" type="string">DVXplorer</attr></node></node>'
        )
    data = (text + '</node></dv>').encode()
    fields = {0: struct.pack('<i', compression), 1: struct.pack('<q', -1)}
    return b'#!AER-DAT4.0\r\n' + table(b'IOHE', fields, {2: (len(data), data)})


def aedat4_packet(stream: int, identifier: bytes, content: bytes) -> bytes:
    """Return a packet of a table whose only field is a vector of elements of 16 bytes."""
    data = table(identifier, {}, {0: (len(content) // 16, content)})
    return struct.pack('<ii', stream, len(data)) + data


def aedat4_events(events: Events) -> bytes:
    """Return events as elements of a packet."""
    kinds = [('t', '<i8'), ('x', '<i2'), ('y', '<i2'), ('p', 'u1'), ('rest', 'u1', 3)]
    rows = np.zeros(len(events.x), kinds)
    rows['x'], rows['y'], rows['p'], rows['t'] = events
    return rows.tobytes()


def aedat4_frame(stream: int, time_us: int, pixels: np.ndarray[Any, Any], kind: int = 0) -> bytes:
    """Return a packet with a frame; kind: OpenCV's type of its pixels."""
    fields = {
        0: struct.pack('<q', time_us),
        5: struct.pack('<b', kind),
        6: struct.pack('<h', pixels.shape[1]),
        7: struct.pack('<h', pixels.shape[0]),
    }
    data = table(b'FRME', fields, {10: (pixels.nbytes, pixels.tobytes())})
    return struct.pack('<ii', stream, len(data)) + data


def dsec(path: Path, events: Events, offset_us: int = 0, **options: Any) -> None:
    """Write events in the layout of DSEC."""
    import h5py

    with h5py.File(path, 'w') as file:
        file.attrs['width'], file.attrs['height'] = WIDTH, HEIGHT
        for name, column in zip('xypt', events):
            data = column if name != 't' else (column - offset_us)
            file.create_dataset(f'events/{name}', data=data, **options)
        if offset_us:
            file['t_offset'] = np.int64(offset_us)
        file['ms_to_idx'] = np.zeros(4, np.uint64)


def nsavp(path: Path, events: Events, **options: Any) -> None:
    """Write events in the layout of NSAVP, as its converter from bags does."""
    import h5py

    with h5py.File(path, 'w') as file:
        group = file.create_group('events')
        group.attrs['ros_message_type'] = np.bytes_('dvs_msgs/EventArray')
        group.attrs['height'], group.attrs['width'] = np.uint32(HEIGHT), np.uint32(WIDTH)
        columns = {
            'x_coordinates': events.x.astype(np.uint16),
            'y_coordinates': events.y.astype(np.uint16),
            'timestamps': events.t_us.astype(np.uint64) * np.uint64(1000) + np.uint64(7),
            'polarities': events.p.astype(np.uint8),
        }
        for name, data in columns.items():
            group.create_dataset(name, data=data, **options)
        group['timestamps'].attrs['units'] = np.bytes_('nanoseconds')


def prophesee(path: Path, events: Events, geometry: str | np.bytes_ = f'{WIDTH}x{HEIGHT}') -> None:
    """
    Write events, and triggers, in the layout of Prophesee, without its compression.

    :param geometry: of variable length, as their recorders write it, or np.bytes_ of fixed length.
    """
    import h5py

    rows = np.zeros(len(events.x), [('x', '<u2'), ('y', '<u2'), ('p', '<i2'), ('t', '<i8')])
    rows['x'], rows['y'], rows['p'], rows['t'] = events
    triggers = np.zeros(3, [('p', '<i2'), ('t', '<i8'), ('id', '<i2')])
    with h5py.File(path, 'w') as file:
        file.attrs['format'], file.attrs['geometry'] = 'ECF', geometry
        file.create_dataset('CD/events', data=rows, chunks=(4096,), maxshape=(None,))
        file['EXT_TRIGGER/events'] = triggers


def m3ed(path: Path, events: Events, **options: Any) -> None:
    """Write events in the layout of M3ED, of the left camera."""
    import h5py

    with h5py.File(path, 'w') as file:
        for name, column in zip('xypt', events):
            file.create_dataset(f'prophesee/left/{name}', data=column, **options)
        file['prophesee/left/calib/resolution'] = np.array([WIDTH, HEIGHT])
        file['prophesee/left/ms_map_idx'] = np.zeros(4, np.uint64)


def mvsec(path: Path, events: Events, **options: Any) -> None:
    """Write events, and images, in the layout of MVSEC, of the left camera."""
    import h5py

    seconds = events.t_us * 1e-6
    rows = np.stack([events.x, events.y, seconds, np.where(events.p, 1.0, -1.0)], axis=1)
    with h5py.File(path, 'w') as file:
        file.create_dataset('davis/left/events', data=rows, **options)
        file['davis/left/image_raw'] = np.zeros((2, HEIGHT, WIDTH), np.uint8)


def parquet(path: Path, events: Events, **changed: Any) -> None:
    """Write events as a table of Parquet; changed: other columns."""
    import pyarrow
    from pyarrow.parquet import write_table

    columns = {
        't': events.t_us.astype(np.int64),
        'x': events.x.astype(np.uint16),
        'y': events.y.astype(np.uint16),
        'p': events.p.astype(bool),
    }
    write_table(pyarrow.table({**columns, **changed}), path)
