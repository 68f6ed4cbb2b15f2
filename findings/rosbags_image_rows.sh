#!/usr/bin/env bash
# rosbags-image 0.10.4 (PyPI; rosbags 0.11.9, OpenCV 4.14.0): padded rows and NV12 become other images.
#
# Behaviour: image_to_cvimage() takes the layout from height, width and encoding. step is ignored, so
# an image whose rows are padded, as drivers do for alignment, is sheared: each row begins where the
# unpadded one before would have ended, and padding is in the picture. Of NV12 only the rows of the
# brightness are taken, a third of which OpenCV then reads as colours: the image has 2/3 of its height.
#
# Output seen (4 x 6, pixels of row r are 10 r + 1 ... 10 r + 6, two bytes of padding are 0):
#   step 6: 1 2 3 4 5 6 / 11 12 13 14 15 16 / 21 22 23 24 25 26 / 31 32 33 34 35 36
#   step 8: 1 2 3 4 5 6 / 0 0 11 12 13 14 / 15 16 0 0 21 22 / 23 24 25 26 0 0
#   NV12 of 12 x 6 as bgr8: 8 x 6
#
# Why one would guess otherwise: sensor_msgs/Image has step for it, "Full row length in bytes", and
# the size of data is height * step, not height * width: that data is left over could be noticed. Other
# things that are as rare, such as is_bigendian, are followed. Nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q rosbags-image==0.10.4 rosbags==0.11.9 opencv-python-headless==4.14.0.94 numpy

cat > look.py <<'PYTHON'
import numpy as np
from rosbags.image import message_to_cvimage
from rosbags.typesys import Stores, get_typestore

types = get_typestore(Stores.ROS2_JAZZY).types
header = types['std_msgs/msg/Header'](
    stamp=types['builtin_interfaces/msg/Time'](sec=1, nanosec=0), frame_id='camera'
)


def image(rows, height, width, encoding):
    """Of rows as they are in memory, padding included."""
    return types['sensor_msgs/msg/Image'](
        header=header,
        height=height,
        width=width,
        encoding=encoding,
        is_bigendian=0,
        step=rows.shape[1],
        data=rows.ravel(),
    )


pixels = (10 * np.arange(4)[:, None] + np.arange(1, 7)).astype(np.uint8)
for padding in (0, 2):
    rows = np.pad(pixels, ((0, 0), (0, padding)))
    found = message_to_cvimage(image(rows, 4, 6, 'mono8'))
    text = ' / '.join(' '.join(str(value) for value in row) for row in found.tolist())
    print(f'step {rows.shape[1]}: {text}')
# Twelve rows of brightness, then six of colours: of two by two pixels, one pair.
found = message_to_cvimage(image(np.full((18, 6), 128, np.uint8), 12, 6, 'nv12'), 'bgr8')
print(f'NV12 of 12 x 6 as bgr8: {found.shape[0]} x {found.shape[1]}')
PYTHON

cat > expected <<'TEXT'
step 6: 1 2 3 4 5 6 / 11 12 13 14 15 16 / 21 22 23 24 25 26 / 31 32 33 34 35 36
step 8: 1 2 3 4 5 6 / 0 0 11 12 13 14 / 15 16 0 0 21 22 / 23 24 25 26 0 0
NV12 of 12 x 6 as bgr8: 8 x 6
TEXT
env/bin/python look.py | tee found
diff expected found
