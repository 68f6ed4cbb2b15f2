"""
Damages recordings of every container at random and reads them as the trainer does.

Each must end in frames or in one line. Run it as
`PYTHONPATH=test:. .venv/bin/python test/sources/fuzz_recordings.py INPUTS [SEED]`.
"""

from __future__ import annotations

import faulthandler
import resource
import shutil
import sys
import tempfile
import time
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from support import ROOT
from support.event_files import AEDAT2_HEADER, aedat2, dsec, nsavp, prophesee
from support.events import packets, random_events, records
from support.helpers import images, odometry, picture, storage_file, write_bag

from vprtempo_ros.config import BagInputConfig, EventsConfig, PosesConfig
from vprtempo_ros.errors import SourceError
from vprtempo_ros.sources.traverse import open_traverse

IMAGES = BagInputConfig()
# Of a small region: images of a whole sensor would take most of the time.
EVENTS = BagInputConfig(
    type='events', events=EventsConfig(period=0.05, hot_pixels=0.0, roi_width=64, roi_height=48)
)
# A single input that takes longer, in seconds of CPU, is a hang.
_LONGEST = 20.0
# Real seconds after which the process ends; the input is left in its temporary folder.
_ALARM = 200


def originals(folder: Path) -> list[tuple[str, bytes, BagInputConfig]]:
    """Return a small recording of each kind: suffix, content, and how it is read."""
    found = []
    for storage in ('sqlite3', 'mcap'):
        for mode in ('none', 'message'):
            seen = [*images(picture(n, 8, 8) for n in range(4)), *odometry([(0, 0, 0)] * 4)]
            file = storage_file(write_bag(folder / f'{storage}_{mode}', seen, storage, mode))
            found.append((file.suffix, file.read_bytes(), IMAGES))
    file = storage_file(write_bag(folder / 'chunks', images([picture(1)] * 4), 'mcap', 'storage'))
    found.append((file.suffix, file.read_bytes(), IMAGES))
    sent = records(packets(random_events(400, span_us=200_000), 50))
    file = storage_file(write_bag(folder / 'events', sent, 'mcap'))
    found.append((file.suffix, file.read_bytes(), EVENTS))
    ros1 = folder / 'ros1.bag'
    from rosbags.rosbag1 import Writer
    from rosbags.typesys import Stores, get_typestore

    store = get_typestore(Stores.ROS1_NOETIC)
    types = store.types
    with Writer(ros1) as writer:
        connection = writer.add_connection('/i', 'sensor_msgs/msg/Image', typestore=store)
        for number in range(4):
            head = types['std_msgs/msg/Header'](
                number, types['builtin_interfaces/msg/Time'](100 + number, 0), 'cam'
            )
            image = types['sensor_msgs/msg/Image'](
                head, 8, 8, 'mono8', 0, 8, picture(number, 8, 8).reshape(-1)
            )
            data = store.serialize_ros1(image, 'sensor_msgs/msg/Image')
            writer.write(connection, (100 + number) * 10**9, data)
    found.append(('.bag', ros1.read_bytes(), IMAGES))
    for file in sorted((ROOT / 'test' / 'events' / 'files').iterdir()):
        if file.suffix in ('.raw', '.dat', '.aedat4'):
            found.append((file.suffix, file.read_bytes()[:3000], EVENTS))
            if file.name.startswith('dv'):
                found.append((file.suffix, file.read_bytes(), IMAGES))
    jaer = AEDAT2_HEADER + aedat2(random_events(300, span_us=200_000), 346, 260)
    found.append(('.aedat', jaer, EVENTS))
    found += hdf5(folder)
    return found


def hdf5(folder: Path) -> list[tuple[str, bytes, BagInputConfig]]:
    """Return files of HDF5 in each layout."""
    if find_spec('h5py') is None:
        return []
    events = random_events(400, span_us=200_000)
    dsec(folder / 'dsec.h5', events, 5, chunks=(100,), compression='gzip')
    # Of fixed length: for texts of variable length a process would be started each time.
    prophesee(folder / 'prophesee.h5', events, np.bytes_('64x48'))
    nsavp(folder / 'nsavp.h5', events, chunks=(100,), compression='gzip', shuffle=True)
    return [
        ('.h5', (folder / f'{name}.h5').read_bytes(), EVENTS)
        for name in ('dsec', 'prophesee', 'nsavp')
    ]


def damaged(data: bytes, rng: np.random.Generator) -> bytes:
    """Return the content with bits flipped, parts cut, moved, repeated, or overwritten."""
    out = bytearray(data)
    for _ in range(int(rng.integers(1, 4))):
        kind = rng.integers(6)
        at, other = sorted(int(n) for n in rng.integers(0, len(out) + 1, 2))
        if kind == 0:
            for position in rng.integers(0, max(len(out), 1), 4).tolist():
                if position < len(out):
                    out[position] ^= 1 << int(rng.integers(8))
        elif kind == 1:
            del out[other:]
        elif kind == 2:
            del out[at : min(other, at + 200)]
        elif kind == 3:
            part = out[at : at + 300]
            out[other:other] = part
        elif kind == 4:
            first, second = bytes(out[at : at + 64]), bytes(out[other : other + 64])
            out[at : at + len(second)], out[other : other + len(first)] = second, first
        else:
            value = int(rng.choice([0, 1, 0x7F, 0x80, 0xFF]))
            out[at : at + 8] = bytes([value]) * min(8, len(out) - at)
    return bytes(out)


def read(path: Path, config: BagInputConfig) -> bool:
    """Read a recording; return whether it gave frames. Errors but one line are raised."""
    try:
        traverse, _ = open_traverse(str(path), config, PosesConfig())
        return sum(1 for _ in traverse) > 0
    except SourceError as error:
        assert '\n' not in str(error), error
        return False


def fuzz(seconds: float, seed: int = 0, most: int = 1 << 60) -> Counter[str]:
    """Damage and read recordings for some time; return their number by suffix and result."""
    rng = np.random.default_rng(seed)
    counts: Counter[str] = Counter()
    end = time.monotonic() + seconds
    memory = '/dev/shm' if Path('/dev/shm').is_dir() else None
    with tempfile.TemporaryDirectory(dir=memory) as name:
        folder = Path(name)
        kinds = originals(folder)
        while time.monotonic() < end and sum(counts.values()) < most:
            suffix, data, config = kinds[int(rng.integers(len(kinds)))]
            path = folder / f'fuzzed{suffix}'
            path.write_bytes(damaged(data, rng))
            begin = time.process_time()
            # No error or signal handler reaches a loop within a library.
            faulthandler.dump_traceback_later(_ALARM, exit=True)
            try:
                frames = read(path, config)
            except BaseException:
                shutil.move(path, Path(tempfile.gettempdir()) / f'fuzz_failure{suffix}')
                raise
            finally:
                faulthandler.cancel_dump_traceback_later()
            took = time.process_time() - begin
            assert took < _LONGEST, f'{suffix}: {took:.1f} s'
            counts[f'{suffix} {"frames" if frames else "one line or nothing"}'] += 1
    return counts


if __name__ == '__main__':
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    done = fuzz(float('inf'), seed, int(sys.argv[1]))
    for what, count in sorted(done.items()):
        print(f'{what:<30} {count}')
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(f'{sum(done.values())} inputs, {memory:.0f} MB at most')
