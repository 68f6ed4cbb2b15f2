#!/usr/bin/env bash
# ros2-numpy 0.0.5 (PyPI; transformations 2026.1.18, geometry-msgs 5.3.6 of Jazzy): w of a quaternion changes place.
#
# Behaviour: numpify() of a Pose or Transform gives x, y, z, w to a function that takes w, x, y, z. An
# orientation without any turn becomes a half turn about z, and one about z a turn about x and y; the
# matrix is always a proper rotation. msgify(Pose, matrix) is wrong the other way round: x of the message
# is w. msgify(Transform, matrix) is right, numpify(Transform) is not.
#
# Output seen (degrees; "turned" is where the matrix takes the direction of travel, 1 0 0):
#   no turn: quaternion 0.000 0.000 0.000 1.000, turned to -1.000 0.000 0.000, expected 1.000 0.000 0.000
#   90 about z: quaternion 0.000 0.000 0.707 0.707, turned to -1.000 0.000 0.000, expected 0.000 1.000 0.000
#   180 about z: quaternion 0.000 0.000 1.000 0.000, turned to -1.000 0.000 0.000, expected -1.000 0.000 0.000
#   pose of a matrix of no turn: 1.000 0.000 0.000 0.000
#   transform of a matrix of no turn: 0.000 0.000 0.000 1.000
#   no turn, to a message and back: pose 1.000 0.000 0.000, transform -1.000 0.000 0.000
#
# Why one would guess otherwise: these two are what the package is for, "numpify(msg)" and
# "msgify(MessageType, arr)"; numpify of a Quaternion alone keeps x, y, z, w, as the message has them;
# positions are right, a pose that is written and read again comes back right, and nothing is said. A
# robot that drives on a floor always faces backwards by these matrices, wherever it turns.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q ros2-numpy==0.0.5 transformations==2026.1.18 numpy==1.24.2 \
    ros-jazzy-geometry-msgs==5.3.6 ros-jazzy-sensor-msgs==5.3.6 ros-jazzy-nav-msgs==5.3.6

cat > look.py <<'PYTHON'
import math

import numpy as np
import ros2_numpy
from geometry_msgs.msg import Pose, Quaternion, Transform


def text(values):
    return ' '.join(f'{value + 0.0:.3f}' for value in np.round(values, 3))


def parts(rotation):
    return np.abs([rotation.x, rotation.y, rotation.z, rotation.w])


for degrees, name in ((0, 'no turn'), (90, '90 about z'), (180, '180 about z')):
    yaw = math.radians(degrees)
    rotation = Quaternion(z=math.sin(yaw / 2), w=math.cos(yaw / 2))
    matrix = ros2_numpy.numpify(Pose(orientation=rotation))
    assert np.allclose(matrix, ros2_numpy.numpify(Transform(rotation=rotation)))
    print(
        f'{name}: quaternion {text(parts(rotation))}, turned to {text(matrix[:3, 0])}, '
        f'expected {text([math.cos(yaw), math.sin(yaw), 0])}'
    )
pose = ros2_numpy.msgify(Pose, np.eye(4))
transform = ros2_numpy.msgify(Transform, np.eye(4))
print('pose of a matrix of no turn:', text(parts(pose.orientation)))
print('transform of a matrix of no turn:', text(parts(transform.rotation)))
print(
    f'no turn, to a message and back: pose {text(ros2_numpy.numpify(pose)[:3, 0])}, '
    f'transform {text(ros2_numpy.numpify(transform)[:3, 0])}'
)
PYTHON

cat > expected <<'TEXT'
no turn: quaternion 0.000 0.000 0.000 1.000, turned to -1.000 0.000 0.000, expected 1.000 0.000 0.000
90 about z: quaternion 0.000 0.000 0.707 0.707, turned to -1.000 0.000 0.000, expected 0.000 1.000 0.000
180 about z: quaternion 0.000 0.000 1.000 0.000, turned to -1.000 0.000 0.000, expected -1.000 0.000 0.000
pose of a matrix of no turn: 1.000 0.000 0.000 0.000
transform of a matrix of no turn: 0.000 0.000 0.000 1.000
no turn, to a message and back: pose 1.000 0.000 0.000, transform -1.000 0.000 0.000
TEXT
env/bin/python look.py | tee found
diff expected found
