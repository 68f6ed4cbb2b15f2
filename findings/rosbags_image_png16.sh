#!/usr/bin/env bash
# rosbags-image 0.10.4 (PyPI; rosbags 0.11.9, OpenCV 4.14.0): PNGs of 16 bits lose the lower 8 bits.
#
# Behaviour: compressed_image_to_cvimage() decodes with OpenCV's IMREAD_ANYCOLOR, which reduces 16 bits
# to 8. A depth image in millimetres is in steps of 256 mm, and 601 levels of a thermal image, 20 to 26
# degrees in hundredths of a kelvin, become 3. Asked for mono16 or 16UC1, it raises an error. The same
# image uncompressed keeps 16 bits.
#
# Output seen:
#   uncompressed: uint16, 29315 to 29915, 601 levels
#   '16UC1; png compressed ': uint8, 114 to 116, 3 levels
#   'png': uint8, 114 to 116, 3 levels
#
# Why one would guess otherwise: compressed_image_transport writes '16UC1; png compressed ' in the format
# field of these images, the PNG in the message has 16 bits, compression by PNG is lossless, and nothing
# is said. The values are plausible: places are still recognised, in images without contrast.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q rosbags-image==0.10.4 rosbags==0.11.9 opencv-python-headless==4.14.0.94 numpy

cat > look.py <<'PYTHON'
import cv2
import numpy as np
from rosbags.image import message_to_cvimage
from rosbags.typesys import Stores, get_typestore

types = get_typestore(Stores.ROS2_JAZZY).types
header = types['std_msgs/msg/Header'](
    stamp=types['builtin_interfaces/msg/Time'](sec=1, nanosec=0), frame_id='thermal'
)
# 20 to 26 degrees Celsius in hundredths of a kelvin, one row of a camera.
thermal = np.arange(29315, 29916, dtype=np.uint16)[None]
plain = types['sensor_msgs/msg/Image'](
    header=header,
    height=1,
    width=thermal.size,
    encoding='16UC1',
    is_bigendian=0,
    step=2 * thermal.size,
    data=thermal.ravel().view(np.uint8),
)
png = cv2.imencode('.png', thermal)[1].ravel()
assert (cv2.imdecode(png, cv2.IMREAD_UNCHANGED) == thermal).all(), 'the PNG is not of 16 bits'
messages = {'uncompressed': plain}
for form in ('16UC1; png compressed ', 'png'):
    messages[repr(form)] = types['sensor_msgs/msg/CompressedImage'](
        header=header, format=form, data=png
    )
for name, message in messages.items():
    found = message_to_cvimage(message)
    print(f'{name}: {found.dtype}, {found.min()} to {found.max()}, {np.unique(found).size} levels')
PYTHON

cat > expected <<'TEXT'
uncompressed: uint16, 29315 to 29915, 601 levels
'16UC1; png compressed ': uint8, 114 to 116, 3 levels
'png': uint8, 114 to 116, 3 levels
TEXT
env/bin/python look.py | tee found
diff expected found
