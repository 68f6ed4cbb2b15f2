#!/usr/bin/env bash
# mcap-to-mp4 0.6.0 (PyPI; Pillow 11.3.0, imageio 2.38.1): depth and bgra8 become films of their bytes.
#
# Behaviour: the layout of an image is taken from the number of bytes a pixel. Two are taken for grey and
# opacity, four for red, green, blue and opacity, whatever the encoding says; the opacity is ignored. Of
# mono16 and 16UC1 the film shows the lower byte, which begins anew each 256 mm; of 32FC1 the mantissa, of
# bgra8 blue for red. Only "bgr8" is looked for.
#
# Output seen (a frame of one value each, as the film has it; within 3, since it is compressed):
#   16UC1, 1000 1023 1024 1280 mm: grey 232 255 0 0
#   32FC1, 2.0 2.5 3.0 m: red green blue 0 0 0, 0 0 32, 0 0 64
#   bgr8, red: 200 0 0
#   bgra8, red: 0 0 200
#
# Why one would guess otherwise: the message says what it holds in its field encoding, which is printed at the
# end; the tool is "for converting ROS 2 image topics", and of a layout that it does not know, such as mono8,
# there is an error. bgr8 and bgra8 are drivers' alternatives for the same camera. A depth film
# shows bands that look like contours.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q mcap-to-mp4==0.6.0 mcap==1.6.0 mcap-ros2-support==0.5.7 pillow==11.3.0 \
    imageio==2.38.1 imageio-ffmpeg==0.8.1 av==13.1.0 numpy==2.4.6

cat > look.py <<'PYTHON'
import subprocess

import imageio.v3 as imageio
import numpy as np
from mcap_ros2.writer import Writer

DEFINITION = """std_msgs/Header header
uint32 height
uint32 width
string encoding
uint8 is_bigendian
uint32 step
uint8[] data
================================================================================
MSG: std_msgs/Header
builtin_interfaces/Time stamp
string frame_id
================================================================================
MSG: builtin_interfaces/Time
int32 sec
uint32 nanosec
"""


def film(encoding, pixels, dtype):
    """Colours of the film of frames that have one value each."""
    with open('drive.mcap', 'wb') as file:
        writer = Writer(file)
        schema = writer.register_msgdef('sensor_msgs/msg/Image', DEFINITION)
        # A still second of each, since a film is compressed by what changes.
        for number, pixel in enumerate(pixel for pixel in pixels for _ in range(10)):
            image = np.empty((64, 64, len(pixel)), dtype)
            image[:] = pixel
            message = {
                'header': {'stamp': {'sec': 0, 'nanosec': 0}, 'frame_id': 'camera'},
                'height': 64,
                'width': 64,
                'encoding': encoding,
                'is_bigendian': 0,
                'step': image.strides[0],
                'data': image.tobytes(),
            }
            writer.write_message('/image', schema, message, log_time=number * 100_000_000)
        writer.finish()
    command = ['env/bin/mcap-to-mp4', 'drive.mcap', '-t', '/image', '-o', 'drive.mp4']
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    frames = imageio.imread('drive.mp4', plugin='FFMPEG')[5::10].astype(int)
    return np.median(frames, axis=(1, 2)).astype(int)


def check(name, found, expected):
    assert np.abs(found - expected).max() <= 3, (name, found.tolist(), expected)
    print(name)


check(
    '16UC1, 1000 1023 1024 1280 mm: grey 232 255 0 0',
    film('16UC1', [[1000], [1023], [1024], [1280]], np.uint16),
    [[232] * 3, [255] * 3, [0] * 3, [0] * 3],
)
check(
    '32FC1, 2.0 2.5 3.0 m: red green blue 0 0 0, 0 0 32, 0 0 64',
    film('32FC1', [[2.0], [2.5], [3.0]], np.float32),
    [[0, 0, 0], [0, 0, 32], [0, 0, 64]],
)
check('bgr8, red: 200 0 0', film('bgr8', [[0, 0, 200]], np.uint8), [[200, 0, 0]])
check('bgra8, red: 0 0 200', film('bgra8', [[0, 0, 200, 255]], np.uint8), [[0, 0, 200]])
PYTHON
env/bin/python look.py
