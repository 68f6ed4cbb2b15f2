#!/usr/bin/env bash
# rosbag-tools 0.0.10 (PyPI; rosbags 0.9.16): parts of a bag are without its first or its last message.
#
# Behaviour: split and clip compute the times of their limits in float64, whose steps are 256 ns today, and
# compare them with the whole nanoseconds of the messages. The beginning of the bag is such a limit of split,
# the end too, and of clip where they are given: where the time of the first message is rounded up, it is left
# out; where that of the last is rounded down, the last is. Times that are multiples of 256 ns lose none, but
# there a message at the limit of two parts is in both.
#
# Output seen (21 messages, 0 to 20, one each 0.1 s, split at 1 s; clipped from 0 s to the duration of 2 s):
#   begins at 1700000000.000000000: parts 0 to 10 and 10 to 20, clip 0 to 20
#   begins at 1700000000.000000200: parts 1 to 10 and 11 to 20, clip 1 to 20
#   begins at 1700000000.123456789: parts 0 to 9 and 10 to 19, clip 0 to 19
#
# Why one would guess otherwise: no time is given for the beginning and the end of a split, and no message lies
# outside of the bag. Times relative to the beginning are given in tenths of seconds, far from 256 ns. What is
# lost may be the only message of a latched topic, a map or calibration, which are the first ones of a bag. A test
# bag whose times are round numbers has all its messages. Nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q rosbag-tools==0.0.10 rosbags==0.9.16

cat > look.py <<'PYTHON'
import contextlib
import os
import struct
from pathlib import Path

from rosbag_tools.clip.clipper import BagClipper
from rosbag_tools.split.splitter import BagSplitter
from rosbags.rosbag2 import Reader, Writer


def write(path, begin):
    with Writer(path) as writer:
        connection = writer.add_connection('/count', 'std_msgs/msg/UInt32')
        for number in range(21):
            data = b'\0\1\0\0' + struct.pack('<I', number)
            writer.write(connection, begin + number * 100_000_000, data)


def read(path):
    with Reader(path) as reader:
        found = [struct.unpack('<I', data[4:])[0] for _, _, data in reader.messages()]
    assert found == list(range(found[0], found[-1] + 1))
    return f'{found[0]} to {found[-1]}'


for nanoseconds in (0, 200, 123_456_789):
    folder = Path(f'bags_{nanoseconds}')
    folder.mkdir()
    bag = folder / 'drive'
    write(bag, 1_700_000_000_000_000_000 + nanoseconds)
    with open(os.devnull, 'w') as quiet:
        with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
            BagSplitter(bag).split_rosbag([1.0], folder / 'part')
            BagClipper(bag).clip_rosbag(0.0, 2.0, folder / 'clip')
    parts = ' and '.join(read(folder / f'part_{number:02d}') for number in (1, 2))
    print(f'begins at 1700000000.{nanoseconds:09d}: parts {parts}, clip {read(folder / "clip")}')
PYTHON

cat > expected <<'TEXT'
begins at 1700000000.000000000: parts 0 to 10 and 10 to 20, clip 0 to 20
begins at 1700000000.000000200: parts 1 to 10 and 11 to 20, clip 1 to 20
begins at 1700000000.123456789: parts 0 to 9 and 10 to 19, clip 0 to 19
TEXT
env/bin/python look.py | tee found
diff expected found
