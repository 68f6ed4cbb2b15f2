#!/usr/bin/env bash
# ahrs 0.4.0 (PyPI; NumPy 2.4.6): by the function, angles have the other sign, distances are 1.41 times the angle.
#
# Behaviour: the functions for one conversion have two conventions. DCM.to_rpy(), dcm2quat() and q2euler() give
# the angles of the inverse of what DCM.to_quaternion(), Quaternion.to_angles() and q2rpy() take a matrix or
# quaternion for. angular_distance() takes the norm of the whole skew matrix, the angle times the root of 2.
#
# Output seen (degrees; Rz is the matrix that turns 1 0 0 to the left):
#   Rz(30): DCM.to_rpy 0 0 -30, by DCM.to_quaternion and to_angles 0 0 30, by dcm2quat and to_angles 0 0 -30
#   quaternion of a yaw of 30: to_angles 0 0 30, q2rpy 0 0 30, q2euler 0 0 -30
#   quaternion of 10 20 30: to_angles 10 20 30, q2rpy 10 20 30, q2euler 1 -22 -28
#   angular_distance of two 30 apart: 42.4, qad 30.0
#   angular_distance of two 120 apart: 169.7, qad 120.0
#
# Why one would guess otherwise: names differ in the order of words only, each is said to convert "DCM" or "unit
# Quaternion" to the other or to angles; DCM itself, made with z=30 degrees, is Rz(30). A robot on a floor seems
# to turn right where it turned left. Of the distance it is said that it is the euclidean norm "of the
# vector", the "angular distance". Nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q ahrs==0.4.0 numpy==2.4.6

cat > look.py <<'PYTHON'
import numpy as np
from ahrs import DCM, Quaternion
from ahrs.common.orientation import dcm2quat, q2euler, q2rpy
from ahrs.utils.metrics import angular_distance, qad


def degrees(angles):
    return ' '.join(f'{angle + 0.0:.0f}' for angle in np.round(np.degrees(angles)))


def turn(angle):
    cosine, sine = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    return np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])


left = turn(30)
print(
    f'Rz(30): DCM.to_rpy {degrees(DCM(left).to_rpy())}, by DCM.to_quaternion and to_angles',
    f'{degrees(Quaternion(DCM(left).to_quaternion()).to_angles())}, by dcm2quat and to_angles',
    degrees(Quaternion(dcm2quat(left)).to_angles()),
)
for name, angles in (('a yaw of 30', (0, 0, 30)), ('10 20 30', (10, 20, 30))):
    quaternion = Quaternion(rpy=np.radians(angles))
    print(
        f'quaternion of {name}: to_angles {degrees(quaternion.to_angles())},',
        f'q2rpy {degrees(q2rpy(quaternion))}, q2euler {degrees(q2euler(quaternion))}',
    )
for angle in (30, 120):
    apart = np.degrees(angular_distance(np.eye(3), turn(angle)))
    other = Quaternion(rpy=np.radians([0, 0, angle]))
    by_quaternions = np.degrees(qad(np.array([1.0, 0, 0, 0]), np.asarray(other)))
    print(f'angular_distance of two {angle} apart: {apart:.1f}, qad {by_quaternions:.1f}')
PYTHON

cat > expected <<'TEXT'
Rz(30): DCM.to_rpy 0 0 -30, by DCM.to_quaternion and to_angles 0 0 30, by dcm2quat and to_angles 0 0 -30
quaternion of a yaw of 30: to_angles 0 0 30, q2rpy 0 0 30, q2euler 0 0 -30
quaternion of 10 20 30: to_angles 10 20 30, q2rpy 10 20 30, q2euler 1 -22 -28
angular_distance of two 30 apart: 42.4, qad 30.0
angular_distance of two 120 apart: 169.7, qad 120.0
TEXT
env/bin/python look.py | tee found
diff expected found
