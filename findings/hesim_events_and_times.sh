#!/usr/bin/env bash
# hesim-3d 0.1.0 (PyPI; mcap 1.6.0, NumPy 2.4.6): of events 5000 a step are written, times of key frames are not used.
#
# Behaviour: MCAPDatasetWriter.write_events() writes the first 5000 events of those that it gets, and the
# number of all. The simulator calls it once a step, 1 ms. Trajectory.from_keyframes() and
# from_control_poses() take the first and last time only: key frames are spread evenly between them, from 0
# on, whatever the first one's time is. total_duration_sec is not used either. "data_base64" of images is
# hexadecimal.
#
# Output seen:
#   12000 events of 1 ms: num_events 12000, events 5000, the last at 416 us
#   image: data_base64 begins with ffd8ffe0, 255 216 255 224 as hexadecimal, 125 247 124 125 as base64
#   key frames x = 0 1 2 3 4 m at 0 1 2 3 4 s: x at these times 0.00 1.00 2.00 3.00 4.00
#   key frames x = 0 1 2 3 4 m at 0 1 2 3 10 s: x at these times 0.00 0.29 0.76 1.23 4.00
#   key frames x = 0 1 2 3 4 m at 100 101 102 103 104 s: x at these times 4.00 4.00 4.00 4.00 4.00
#   total_duration_sec=20: from 0 to 4 s
#
# Why one would guess otherwise: it is a "unified multi-format dataset export", by the ending of the file; in
# HDF5 all events are there, and 5000 are the first part of a step in which much moves: rates have a
# ceiling of 5 million events/s. Key frames have a time each, by which they are sorted, and of the poses it
# is said that they are "timestamped"; with even times from 0 on all is right. The ground truth that is
# written is of the same trajectory, so that nothing disagrees. Nothing is said.
# Without torch, which the package as a whole imports: the writer and the trajectories are taken alone.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q mcap==1.6.0 numpy==2.4.6 scipy==1.17.1 opencv-python-headless==5.0.0.93
env/bin/pip install -q --no-deps hesim-3d==0.1.0

cat > look.py <<'PYTHON'
import base64
import importlib
import importlib.util
import json
import sys
import types

import numpy as np
from mcap.reader import make_reader

# The packages without what they import for rendering.
root = importlib.util.find_spec('hesim3d').submodule_search_locations[0]
for name in ('hesim3d', 'hesim3d.sensor', 'hesim3d.io', 'hesim3d.trajectory'):
    module = types.ModuleType(name)
    module.__path__ = [f'{root}{name.removeprefix("hesim3d").replace(".", "/")}']
    sys.modules[name] = module
Writer = importlib.import_module('hesim3d.io.mcap_writer').MCAPDatasetWriter
Trajectory = importlib.import_module('hesim3d.trajectory.spline').Trajectory

events = np.zeros(12_000, [('t', 'i8'), ('x', 'i4'), ('y', 'i4'), ('p', 'i1')])
events['t'] = np.arange(len(events)) // 12
with Writer('drive.mcap') as writer:
    writer.write_events(events)
    writer.write_frame(np.full((4, 4, 3), 128, np.uint8), 0)
with open('drive.mcap', 'rb') as file:
    found = {
        channel.topic: json.loads(message.data)
        for _, channel, message in make_reader(file).iter_messages()
    }
written = found['/sensor/events']
print(
    f'12000 events of 1 ms: num_events {written["num_events"]}, '
    f'events {len(written["events"])}, the last at {written["events"][-1]["t"]} us'
)
image = found['/sensor/image']['data_base64'][:8]
print(
    f'image: data_base64 begins with {image},',
    *bytes.fromhex(image),
    'as hexadecimal,',
    *base64.b64decode(image)[:4],
    'as base64',
)


def path(times, **options):
    frames = [
        {'time_sec': float(time), 'position': [x, 0, 0], 'orientation_xyzw': [0, 0, 0, 1]}
        for x, time in enumerate(times)
    ]
    return Trajectory.from_keyframes(frames, **options)


for times in ((0, 1, 2, 3, 4), (0, 1, 2, 3, 10), (100, 101, 102, 103, 104)):
    places = (path(times).evaluate(time).position[0] for time in times)
    print(
        f'key frames x = 0 1 2 3 4 m at {" ".join(map(str, times))} s: '
        f'x at these times {" ".join(f"{place:.2f}" for place in places)}'
    )
longer = path((0, 1, 2, 3, 4), total_duration_sec=20.0)
print(f'total_duration_sec=20: from {longer.min_time:g} to {longer.max_time:g} s')
PYTHON

cat > expected <<'TEXT'
12000 events of 1 ms: num_events 12000, events 5000, the last at 416 us
image: data_base64 begins with ffd8ffe0, 255 216 255 224 as hexadecimal, 125 247 124 125 as base64
key frames x = 0 1 2 3 4 m at 0 1 2 3 4 s: x at these times 0.00 1.00 2.00 3.00 4.00
key frames x = 0 1 2 3 4 m at 0 1 2 3 10 s: x at these times 0.00 0.29 0.76 1.23 4.00
key frames x = 0 1 2 3 4 m at 100 101 102 103 104 s: x at these times 4.00 4.00 4.00 4.00 4.00
total_duration_sec=20: from 0 to 4 s
TEXT
env/bin/python look.py | tee found
diff expected found
