#!/usr/bin/env bash
# forge-robotics 0.2.0 (PyPI; rosbags 0.11.9, NumPy 2.4.6): of a bag, frames have one camera and no joint states.
#
# Behaviour: inspect() lists all cameras of a ROS 2 bag, its states and its action, but with a metadata.yaml in
# the folder, which every bag has, the size of each camera is 640x480, whatever it is. What is read has the
# first topic of images only, and frames have no state. Images of bgr8 keep
# their order of colours, of cameras that are said to be rgb, so that blue is red.
#
# Output seen (a bag of two cameras, 8x4 pixels, blue, as bgr8, and rgb8; and joint states, 5 of each):
#   inspect: cameras left 640x480 rgb, right 640x480 rgb; states /joint_states
#   5 frames: images of left, 8x4; 0 have a state
#   first pixel of left, which is blue: [255, 0, 0]
#
# Why one would guess otherwise: what inspect() lists of a bag, one expects in what is read of it. The format
# is listed as read, and the quality of an episode is computed from states and actions. Metrics of episodes
# without them, and images whose colours are exchanged, pass on to training. Nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q forge-robotics==0.2.0 rosbags==0.11.9 numpy==2.4.6

cat > look.py <<'PYTHON'
from pathlib import Path

import forge
import numpy as np
from forge.formats.rosbag.reader import RosbagReader
from rosbags.rosbag2 import Writer
from rosbags.typesys import Stores, get_typestore

STORE = get_typestore(Stores.ROS2_HUMBLE)
TYPES = STORE.types
IMAGE, JOINTS = 'sensor_msgs/msg/Image', 'sensor_msgs/msg/JointState'
TOPICS = {'/left/image_raw': 'bgr8', '/right/image_raw': 'rgb8', '/joint_states': ''}


def message(stamp, encoding, number):
    time = TYPES['builtin_interfaces/msg/Time'](*divmod(stamp, 10**9))
    header = TYPES['std_msgs/msg/Header'](time, 'base')
    if not encoding:
        return TYPES[JOINTS](header, ['arm'], np.array([0.1 * number]), np.zeros(1), np.zeros(1))
    blue = [255, 0, 0] if encoding == 'bgr8' else [0, 0, 255]
    pixels = np.tile(np.array(blue, np.uint8), 32)
    return TYPES[IMAGE](header, 4, 8, encoding, 0, 24, pixels)


with Writer('drive', version=9) as writer:
    found = {}
    for topic, encoding in TOPICS.items():
        kind = IMAGE if encoding else JOINTS
        found[topic] = writer.add_connection(topic, kind, typestore=STORE), kind
    for number in range(5):
        stamp = 1_700_000_000_000_000_000 + number * 100_000_000
        for topic, (connection, kind) in found.items():
            data = STORE.serialize_cdr(message(stamp, TOPICS[topic], number), kind)
            writer.write(connection, stamp, data)

info = forge.inspect('drive')
sizes = ', '.join(
    f'{name} {camera.width}x{camera.height} {camera.encoding}'
    for name, camera in info.cameras.items()
)
print(f'inspect: cameras {sizes}; states {", ".join(info.observation_schema)}')
for episode in RosbagReader().read_episodes(Path('drive')):
    frames = list(episode.frames())
    images = sorted({name for frame in frames for name in frame.images})
    states = sum(frame.state is not None for frame in frames)
    first = frames[0].images[images[0]].load()
    size = f'{first.shape[1]}x{first.shape[0]}'
    print(f'{len(frames)} frames: images of {", ".join(images)}, {size}; {states} have a state')
    print(f'first pixel of {images[0]}, which is blue: {first[0, 0].tolist()}')
PYTHON

cat > expected <<'TEXT'
inspect: cameras left 640x480 rgb, right 640x480 rgb; states /joint_states
5 frames: images of left, 8x4; 0 have a state
first pixel of left, which is blue: [255, 0, 0]
TEXT
env/bin/python look.py | tee found
diff expected found
