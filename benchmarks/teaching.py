"""Recording while teaching: CPU and disk, and the loss after a crash or a power failure."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from vprtempo_ros.sources.bags import BagReader
from vprtempo_ros.sources.cdr import IMAGE, write_message
from vprtempo_ros.sources.image_bag import image_message
from vprtempo_ros.sources.recorder import Recorder

from .report import table

_TOPIC = '/camera/image_raw'
_RATE = 30.0
# Duration of a recording for the costs and before each end, in seconds; number of ends.
_SECONDS, _BEFORE, _ENDS = 20.0, 4.0, 8
_VGA, _SMALL = (480, 640, 3), (240, 320, 1)


def bench() -> None:
    """Print the tables; power failures only as root, who can mount a loop device."""
    with tempfile.TemporaryDirectory(dir=os.environ.get('BENCH_DISK')) as folder:
        rows = [
            _cost(Path(folder, name), shape) for name, shape in (('vga', _VGA), ('small', _SMALL))
        ]
        table(('30 Hz for 20 s', 'MB/s', 'CPU of a core', 'dropped', 'slowest sync (ms)'), rows)
        print()
        lost = [
            (
                'SIGKILL',
                *_losses(
                    [_killed(Path(folder, f'kill{number}'), number) for number in range(_ENDS)]
                ),
            )
        ]
        if os.geteuid() == 0:
            lost.append(
                (
                    'power failure',
                    *_losses(
                        [
                            _without_power(Path(folder, f'power{number}'), number)
                            for number in range(_ENDS)
                        ]
                    ),
                )
            )
        table(
            (
                f'240x320 at 30 Hz, commit every 1 s, {_ENDS} times',
                'seconds lost, mean',
                'seconds lost, most',
                'out of order or damaged',
            ),
            lost,
        )


def record(path: Path, shape: tuple[int, ...], seconds: float) -> Recorder:
    """Record images of this shape; print the number of each before it is recorded."""
    pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    encoding = 'rgb8' if shape[2] == 3 else 'mono8'
    recorder = Recorder(path, {_TOPIC: IMAGE}, sync=1.0, buffer=256_000_000, min_free=0)
    begin = time.monotonic()
    for number in range(round(seconds * _RATE)):
        time.sleep(max(begin + number / _RATE - time.monotonic(), 0))
        stamp = number + 1
        print(number, flush=True)
        recorder.put(
            _TOPIC, stamp, write_message(image_message(stamp, pixels, encoding, 'camera'), IMAGE)
        )
    recorder.close()
    return recorder


def _cost(path: Path, shape: tuple[int, ...]) -> tuple[object, ...]:
    """Record and return the row; most of the CPU time is the recorder's."""
    done = subprocess.run(
        _command(path, shape, _SECONDS), check=True, text=True, capture_output=True
    )
    cpu, dropped, slowest, size = done.stdout.splitlines()[-1].split()
    shutil.rmtree(path)
    return (
        f'{shape[1]}x{shape[0]}, {shape[2]} bytes a pixel',
        f'{float(size) / _SECONDS:.1f}',
        f'{float(cpu) / _SECONDS:.1%}',
        dropped,
        slowest,
    )


def _killed(path: Path, number: int) -> tuple[int, int]:
    """Kill a recorder; return frames recorded and frames left."""
    with subprocess.Popen(
        _command(path, _SMALL, 60.0), text=True, stdout=subprocess.PIPE
    ) as process:
        put = _follow(process, number)
        process.send_signal(signal.SIGKILL)
        assert process.stdout is not None
        last = process.stdout.read().split()
    return (int(last[-1]) if last else put), _left(path)


def _without_power(folder: Path, number: int) -> tuple[int, int]:
    """
    Simulate a power failure; return frames recorded and frames left.

    The disk is a file system in a file: its content, without what is only in kernel memory, is
    copied while the recorder is stopped, and mounted again.
    """
    folder.mkdir()
    disk, copy = folder / 'disk', folder / 'copy'
    with disk.open('wb') as stream:
        stream.truncate(100 << 20)
    subprocess.run(['mkfs.ext4', '-q', str(disk)], check=True)
    with (
        _mounted(disk, folder / 'live') as live,
        subprocess.Popen(
            _command(live / 'drive', _SMALL, 60.0), text=True, stdout=subprocess.PIPE
        ) as process,
    ):
        put = _follow(process, number)
        process.send_signal(signal.SIGSTOP)
        shutil.copyfile(disk, copy)
        process.kill()
        assert process.stdout is not None
        last = process.stdout.read().split()
    with _mounted(copy, folder / 'after') as after:
        return (int(last[-1]) if last else put), _left(after / 'drive')


def _follow(process: subprocess.Popen[str], number: int) -> int:
    """Wait until frames are recorded for some seconds, and for a different fraction of one more."""
    assert process.stdout is not None
    put = 0
    for line in process.stdout:
        put = int(line)
        if put >= _BEFORE * _RATE + number * _RATE / _ENDS:
            break
    return put


def _left(path: Path) -> int:
    """Return the number of frames in a bag; -1 if they are not the first ones in order."""
    with BagReader(path) as bag:
        stamps = [raw.stamp_ns for raw in bag.messages([_TOPIC])]
    return len(stamps) if stamps == list(range(1, len(stamps) + 1)) else -1


def _losses(ends: list[tuple[int, int]]) -> tuple[object, ...]:
    lost = [(put + 1 - left) / _RATE for put, left in ends if left >= 0]
    return (f'{np.mean(lost):.2f}', f'{max(lost):.2f}', sum(left < 0 for _, left in ends))


def _command(path: Path, shape: tuple[int, ...], seconds: float) -> list[str]:
    return [sys.executable, '-m', 'benchmarks.teaching', str(path), str(seconds), *map(str, shape)]


@contextmanager
def _mounted(disk: Path, where: Path) -> Iterator[Path]:
    where.mkdir()
    subprocess.run(['mount', '-o', 'loop', str(disk), str(where)], check=True)
    try:
        yield where
    finally:
        subprocess.run(['umount', str(where)], check=True)


def _main() -> None:
    path, seconds, *shape = sys.argv[1:]
    recorder = record(Path(path), tuple(map(int, shape)), float(seconds))
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(
        used.ru_utime + used.ru_stime,
        recorder.dropped,
        round(recorder.slowest_sync * 1e3),
        recorder.size / 1e6,
    )


if __name__ == '__main__':
    _main()
