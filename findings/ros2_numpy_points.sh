#!/usr/bin/env bash
# ros2-numpy 0.0.5 (PyPI; sensor-msgs 5.3.6 of Jazzy, NumPy 1.24.2): colour and intensity are bytes of x.
#
# Behaviour: numpify() of a PointCloud2 takes the number of a field in the list of fields for its place in a
# point: rgb or intensity, named fourth, is read from the fourth byte on, which is in x. Intensity is
# always 16 bits, whatever the message says of its type. Positions are the first 12 bytes as three
# float32, whatever is said to be there. msgify() writes the positions of all points and then the colours
# of all, so that only clouds of one point can be read.
#
# Output seen (3 points at x = 1 2 3, y = 10, z = 0.5):
#   x y z intensity: x 1.0 2.0 3.0, intensity 63 64 64, in the message 5.0 50.0 200.0
#   x y z rgb: x 1.0 2.0 3.0, red 0 0 0, blue 63 64 64, in the message red 255 0 0, blue 0 0 255
#   intensity x y z: x 5.0 50.0 200.0, y 1.0 2.0 3.0, intensity 0 0 0
#   x y z as float64: x 0.0 0.0 0.0, y 1.875 2.0 2.125
#   written by msgify, a point each 16 bytes: x 1.0 10.0 0.5
#
# Why one would guess otherwise: fields have an offset and a type for this, drivers order and pad them as
# they like, names are looked for in the list, and the documentation has the fields "x, y, z", "rgb" and
# "intensity", this one "a float32 value". Positions of common sensors are right, and intensities seem to
# be small numbers that depend on the distance, as those of a lidar may. Nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q ros2-numpy==0.0.5 transformations==2026.1.18 numpy==1.24.2 \
    ros-jazzy-geometry-msgs==5.3.6 ros-jazzy-sensor-msgs==5.3.6 ros-jazzy-nav-msgs==5.3.6

cat > look.py <<'PYTHON'
import numpy as np
import ros2_numpy
from sensor_msgs.msg import PointCloud2, PointField

TYPES = {'f4': PointField.FLOAT32, 'f8': PointField.FLOAT64, 'u4': PointField.UINT32}


def cloud(*fields):
    points = np.zeros(3, list(fields))
    points['x'], points['y'], points['z'] = (1, 2, 3), 10, 0.5
    if 'intensity' in points.dtype.names:
        points['intensity'] = 5, 50, 200
    if 'rgb' in points.dtype.names:
        points['rgb'] = 0xFF0000, 0x00FF00, 0x0000FF
    step = points.dtype.itemsize
    return PointCloud2(
        height=1,
        width=len(points),
        point_step=step,
        row_step=step * len(points),
        is_dense=True,
        fields=[
            PointField(name=name, offset=points.dtype.fields[name][1], datatype=TYPES[kind], count=1)
            for name, kind in fields
        ],
        data=points.tobytes(),
    )


def text(values):
    return ' '.join(str(value) for value in np.ravel(values))


place = [('x', 'f4'), ('y', 'f4'), ('z', 'f4')]
read = ros2_numpy.numpify(cloud(*place, ('intensity', 'f4')))
print(
    f'x y z intensity: x {text(read["xyz"][:, 0])}, intensity {text(read["intensity"])}, '
    'in the message 5.0 50.0 200.0'
)
read = ros2_numpy.numpify(cloud(*place, ('rgb', 'u4')))
print(
    f'x y z rgb: x {text(read["xyz"][:, 0])}, red {text(read["rgb"][:, 0])}, '
    f'blue {text(read["rgb"][:, 2])}, in the message red 255 0 0, blue 0 0 255'
)
read = ros2_numpy.numpify(cloud(('intensity', 'f4'), *place))
print(
    f'intensity x y z: x {text(read["xyz"][:, 0])}, y {text(read["xyz"][:, 1])}, '
    f'intensity {text(read["intensity"])}'
)
read = ros2_numpy.numpify(cloud(('x', 'f8'), ('y', 'f8'), ('z', 'f8')))
print(f'x y z as float64: x {text(read["xyz"][:, 0])}, y {text(read["xyz"][:, 1])}')

points = np.array([[1, 10, 0.5], [2, 10, 0.5], [3, 10, 0.5]], np.float32)
message = ros2_numpy.msgify(PointCloud2, {'xyz': points, 'rgb': np.full(3, 0xFFFFFF, np.uint32)})
assert [field.offset for field in message.fields] == [0, 4, 8, 12], message.fields
found = np.frombuffer(message.data[:36], np.float32)
print(
    f'written by msgify, a point each {message.point_step} bytes: '
    f'x {text(found[0::4])}'
)
PYTHON

cat > expected <<'TEXT'
x y z intensity: x 1.0 2.0 3.0, intensity 63 64 64, in the message 5.0 50.0 200.0
x y z rgb: x 1.0 2.0 3.0, red 0 0 0, blue 63 64 64, in the message red 255 0 0, blue 0 0 255
intensity x y z: x 5.0 50.0 200.0, y 1.0 2.0 3.0, intensity 0 0 0
x y z as float64: x 0.0 0.0 0.0, y 1.875 2.0 2.125
written by msgify, a point each 16 bytes: x 1.0 10.0 0.5
TEXT
env/bin/python look.py | tee found
diff expected found
