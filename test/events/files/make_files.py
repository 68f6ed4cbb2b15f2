"""
Write the events of events.npz with other software: `python make_files.py FOLDER`.

Needs dv-processing==2.0.4, faery==0.7.1, evutils==0.3.18 and expelliarmus==1.1.12.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import dv_processing as dv
import faery
import numpy as np
from evutils.io import EventWriter
from evutils.types import EventArray
from expelliarmus import Wizard
from faery import aedat
from faery.file_encoder import events_to_file

SIZE = (1280, 720)


def main(out: Path) -> None:
    """Write all files."""
    with np.load(Path(__file__).with_name('events.npz')) as known:
        x, y, p, t = (known[name] for name in 'xypt')
    dv_processing(out / 'dv_processing_lz4.aedat4', x, y, p, t, 'LZ4')
    dv_processing(out / 'dv_processing_zstd.aedat4', x, y, p, t, 'ZSTD')
    rows = np.zeros(len(t), faery.EVENTS_DTYPE)
    rows['t'], rows['x'], rows['y'], rows['on'] = t, x, y, p
    for name, options in (
        ('faery_lz4.aedat4', {'compression': aedat.LZ4_DEFAULT}),
        ('faery_none.aedat4', {'compression': None}),
        ('faery_dat.dat', {}),
        ('faery_evt2.raw', {'version': 'evt2'}),
        ('faery_evt3.raw', {'version': 'evt3'}),
    ):
        events_to_file(parts(rows), str(out / name), SIZE, **options)
    array = EventArray(
        t.astype(np.int64), x.astype(np.uint16), y.astype(np.uint16), p.astype(np.uint8)
    )
    for name, options in (
        ('evutils_evt2.raw', {'format': 'evt2'}),
        ('evutils_evt21_legacy.raw', {'format': 'evt21'}),
        ('evutils_evt3.raw', {'format': 'evt3'}),
        ('evutils.dat', {}),
        ('evutils.h5', {}),
        ('evutils.aedat4', {}),
    ):
        with EventWriter(str(out / name), width=SIZE[0], height=SIZE[1], **options) as writer:
            writer.write(array)
    rows = np.zeros(len(t), [('t', '<i8'), ('x', '<i2'), ('y', '<i2'), ('p', 'u1')])
    rows['t'], rows['x'], rows['y'], rows['p'] = t, x, y, p
    for name, encoding in (('expelliarmus.dat', 'dat'), ('expelliarmus_evt2.raw', 'evt2')):
        Wizard(encoding=encoding).save(fpath=out / name, arr=rows)


def parts(rows: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the events in thousands."""
    for begin in range(0, len(rows), 1000):
        yield rows[begin : begin + 1000]


def dv_processing(
    path: Path, x: np.ndarray, y: np.ndarray, p: np.ndarray, t: np.ndarray, compression: str
) -> None:
    """Write events, with a trigger and a frame before every 700th; frames of ZSTD are BGR."""
    config = dv.io.MonoCameraWriter.Config('DVXplorer', getattr(dv.CompressionType, compression))
    config.addEventStream(SIZE)
    config.addTriggerStream()
    config.addImuStream()
    config.addFrameStream((24, 16))
    writer = dv.io.MonoCameraWriter(str(path), config)
    for begin in range(0, len(t), 700):
        store = dv.EventStore()
        for event in range(begin, min(begin + 700, len(t))):
            store.push_back(int(t[event]), int(x[event]), int(y[event]), bool(p[event]))
        writer.writeEvents(store)
        rising = dv.TriggerType.EXTERNAL_SIGNAL_RISING_EDGE
        writer.writeTrigger(dv.Trigger(int(t[begin]), rising))
        pixels = (np.arange(16 * 24).reshape(16, 24) * 3 + begin) % 256
        if compression == 'ZSTD':
            pixels = np.stack([pixels, (pixels + 50) % 256, (pixels * 7) % 256], -1)
        writer.writeFrame(dv.Frame(int(t[begin]), pixels.astype(np.uint8)))


if __name__ == '__main__':
    main(Path(sys.argv[1]))
