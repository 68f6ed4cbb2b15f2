"""Decoding evt3 and accumulating events on one core, compared with decoders from PyPI."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vprtempo_ros.config import EventsConfig
from vprtempo_ros.errors import EventError, VprError
from vprtempo_ros.events.accumulator import Accumulator
from vprtempo_ros.events.binning import Binner
from vprtempo_ros.events.decoding import StreamDecoder
from vprtempo_ros.events.evt3 import Evt3Decoder
from vprtempo_ros.events.evt3_encoder import encode_evt3
from vprtempo_ros.events.packet import EventBuffer, Packet
from vprtempo_ros.sources.event_bag import BagPackets

from .report import data_set, table

TURNS = 9
_WIDTH, _HEIGHT = 1280, 720
_PACKET = 1 << 16
EventStream = tuple[str, int, int, list[NDArray[np.uint8]]]


class Columns(NamedTuple):
    """Columns and rows uint16, polarities uint8, and ascending times int64 in us."""

    x: NDArray[Any]
    y: NDArray[Any]
    p: NDArray[Any]
    t: NDArray[Any]


def edges(events: int = 5_000_000, rate: float = 20e6) -> Columns:
    """Return events like those of moving edges: runs along rows at equal times, and noise."""
    rng = np.random.default_rng(0)
    lengths = np.minimum(rng.geometric(0.2, events // 4), 30)
    lengths[rng.random(len(lengths)) < 0.3] = 1
    lengths = lengths[: int(np.searchsorted(np.cumsum(lengths), events))]
    run = np.repeat(np.arange(len(lengths)), lengths)
    within = np.arange(len(run)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    # An edge has gaps: not every pixel makes an event.
    kept = rng.random(len(run)) < 0.7
    starts = rng.integers(0, _WIDTH - 32, len(lengths))
    rows = rng.integers(0, _HEIGHT, len(lengths))
    times = np.sort(rng.integers(0, int(len(run) * 0.7 / rate * 1e6), len(lengths)))
    order = np.lexsort((starts, rows, times))
    x, y, p, t = (
        column[run][kept]
        for column in (starts[order], rows[order], rng.integers(0, 2, len(lengths)), times[order])
    )
    x = x + within[kept]
    return Columns(x.astype(np.uint16), y.astype(np.uint16), p.astype(np.uint8), t.astype(np.int64))


def synthetic() -> EventStream:
    """Return a stream of `edges`."""
    columns = edges()
    cuts = range(0, len(columns.x), 20_000)
    parts = [encode_evt3(*(column[cut : cut + 20_000] for column in columns)) for cut in cuts]
    return 'runs and noise, 1280x720', _WIDTH, _HEIGHT, parts


def recording(repeats: int = 20) -> EventStream:
    """Return the stream of a real camera, which has single events only, repeated."""
    found = list(BagPackets(data_set('events/event_camera_py/test_events_1')).read())
    data = np.concatenate([packet.data for packet in found])
    parts = [data[start : start + _PACKET] for start in range(0, len(data), _PACKET)]
    return 'recording, 640x480', found[0].width, found[0].height, parts * repeats


def ours(stream: EventStream) -> Callable[[], int]:
    """Return a function that decodes the stream with our decoder."""
    _, width, height, parts = stream
    buffer = EventBuffer()

    def work() -> int:
        decoder, total = Evt3Decoder(), 0
        for part in parts:
            try:
                decoder.decode(Packet('evt3', width, height, 0, '', part), buffer)
            except EventError:  # Time jumps back where the recording is repeated.
                decoder.forget()
                decoder.decode(Packet('evt3', width, height, 0, '', part), buffer)
            total += len(buffer)
        return total

    return work


def peers(stream: EventStream, folder: Path) -> dict[str, Callable[[], int]]:
    """Return functions that decode the stream with each installed decoder."""
    _, width, height, parts = stream
    data = np.concatenate(parts).tobytes()
    file = folder / 'events.raw'
    file.write_bytes(
        f'% evt 3.0\n% format EVT3;height={height};width={width}\n% geometry {width}x'
        f'{height}\n% end\n'.encode()
        + data
    )
    found: dict[str, Callable[[], int]] = {}
    with contextlib.suppress(ImportError):
        import evt3

        def rust() -> int:
            decoder = evt3.Decoder(sensor_width=width, sensor_height=height)
            return sum(
                len(decoder.feed(data[start : start + _PACKET]))
                for start in range(0, len(data), _PACKET)
            )

        found['evt3, in chunks of 64 KiB'] = rust
        found['evt3, all at once'] = lambda: len(
            evt3.decode_bytes(data, sensor_width=width, sensor_height=height)
        )
    with contextlib.suppress(ImportError):
        import faery

        found['faery, from a file'] = lambda: sum(
            len(part) for part in faery.events_stream_from_file(str(file))
        )
    with contextlib.suppress(ImportError):
        import evutils.io

        found['evutils, from a file'] = lambda: sum(
            len(part) for part in evutils.io.EventReader(str(file), n_events=20_000)
        )
    with contextlib.suppress(ImportError):
        import expelliarmus

        def wizard() -> int:
            events = expelliarmus.Wizard('evt3').read(str(file))
            return 0 if events is None else len(events)

        found['expelliarmus, from a file'] = wizard
    with contextlib.suppress(ImportError):
        import evlib

        found['evlib, from a file'] = lambda: len(evlib.load_events(str(file)).collect())
    return found


def in_turns(work: dict[str, Callable[[], int]]) -> dict[str, tuple[int, list[float]]]:
    """Return number of events and CPU seconds of each turn; all functions run in each turn."""
    counts = {name: one() for name, one in work.items()}
    times: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(TURNS):
        for name, one in work.items():
            start = time.process_time()
            one()
            times[name].append(time.process_time() - start)
    return {name: (counts[name], times[name]) for name in work}


def decoding(stream: EventStream, folder: Path) -> list[list[str]]:
    """Return the rows of a stream: median rates, and times relative to ours."""
    found = in_turns({'vprtempo_ros': ours(stream), **peers(stream, folder)})
    mine = found['vprtempo_ros'][1]
    size = sum(part.size for part in stream[3])
    rows = []
    for name, (count, seconds) in found.items():
        if not count:
            rows.append([stream[0], name, '0', 'does not decode it', ''])
            continue
        ratio = float(np.median(np.array(seconds) / np.array(mine)))
        rows.append(
            [
                stream[0],
                name,
                f'{count / 1e6:.2f} ({size / count:.1f} bytes each)',
                f'{count / float(np.median(seconds)) / 1e6:.0f}',
                f'{ratio:.2f}',
            ]
        )
    return rows


def accumulating(stream: EventStream) -> list[list[str]]:
    """Return the rate of each kind of accumulation, for decoded events."""
    _, width, height, parts = stream
    decoder = StreamDecoder(prefer='own')
    buffers = []
    for number, part in enumerate(parts[:100]):
        buffer = EventBuffer()
        offset, _ = decoder.decode(Packet('evt3', width, height, number, '', part), buffer)
        buffers.append((buffer, offset))
    events = sum(len(buffer) for buffer, _ in buffers)

    def with_settings(config: EventsConfig) -> Callable[[], int]:
        accumulator = Accumulator(config, width, height)

        def work() -> int:
            return events + 0 * sum(
                len(list(accumulator.add(buffer, offset, False))) for buffer, offset in buffers * 5
            )

        return work

    binner = Binner(10, 10_000_000, (64, 64), (height, width))

    def bins() -> int:
        return events + 0 * sum(
            len(list(binner.add(buffer, offset, False))) for buffer, offset in buffers * 5
        )

    work = {
        f'{name}': with_settings(config)
        for name, config in {
            'windows of time': EventsConfig(),
            'polarities split': EventsConfig(polarity='split'),
            'signed': EventsConfig(polarity='signed'),
            'a million events': EventsConfig(window='count', count=1_000_000),
            'fading trace': EventsConfig(window='leaky'),
        }.items()
    }
    work['10 bins of 64x64'] = bins
    return [
        [stream[0], name, f'{5 * events / float(np.median(seconds)) / 1e6:.0f}']
        for name, (_, seconds) in in_turns(work).items()
    ]


def bench() -> None:
    """Print both tables."""
    # One core for all: some decoders would use another one to read ahead.
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        streams = [synthetic()]
        with contextlib.suppress(VprError):
            streams.insert(0, recording())
        with tempfile.TemporaryDirectory(
            dir='/dev/shm' if Path('/dev/shm').is_dir() else None
        ) as folder:
            rows = [row for stream in streams for row in decoding(stream, Path(folder))]
        table(['stream', 'decoder', 'million events', 'million per second', 'time, ours = 1'], rows)
        print('\n(peers: pip install --no-deps -r env/requirements-peers.txt)\n')
        table(
            ['stream', 'accumulated', 'million events per second'],
            [row for stream in streams[-1:] for row in accumulating(stream)],
        )
    finally:
        os.sched_setaffinity(0, allowed)
