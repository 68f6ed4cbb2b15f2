#!/usr/bin/env bash
# spatialmath-python 1.1.18 (PyPI; NumPy 2.4.6, SciPy 1.17.1): in the plane, the logarithm of 135 degrees is that of -45.
#
# Behaviour: SE2.log(), SO2.log() and Twist2(SE2) take the angle from sin / cos by an arc tangent of one
# number, which ends at 90 degrees: a turn by more loses half a turn. The translation of the logarithm is
# scaled with that angle, and is wrong too, by its sign at least. Poses in space, SE3 and SO3, are right.
#
# Output seen (degrees of a pose, those of its log and of exp of that; where exp of the log lies, from 1 2):
#   45: SE2 45.0, SO2 45.0, as SE3 45.0; exp(log) 45.0 at 1.000 2.000
#   85: SE2 85.0, SO2 85.0, as SE3 85.0; exp(log) 85.0 at 1.000 2.000
#   95: SE2 -85.0, SO2 -85.0, as SE3 95.0; exp(log) -85.0 at -1.833 0.916
#   135: SE2 -45.0, SO2 -45.0, as SE3 135.0; exp(log) -45.0 at -0.828 0.414
#   -135: SE2 45.0, SO2 45.0, as SE3 -135.0; exp(log) 45.0 at 0.828 -0.414
#   175: SE2 -5.0, SO2 -5.0, as SE3 175.0; exp(log) -5.0 at -0.087 0.044
#
# Why one would guess otherwise: exp and log are each other's inverse up to half a turn, the classes for the
# plane and for space have the same methods, and a robot on a floor turns by more than 90 degrees at each
# second corner. Means, interpolations and errors of heading by the logarithm are right on straight roads.
# Nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q spatialmath-python==1.1.18 numpy==2.4.6 scipy==1.17.1

cat > look.py <<'PYTHON'
import math

from spatialmath import SE2, SE3, SO2, Twist2

for degrees in (45, 85, 95, 135, -135, 175):
    pose = SE2(1, 2, math.radians(degrees))
    logarithm = pose.log(twist=True)
    planar = SO2(math.radians(degrees)).log(twist=True)
    space = (SE3.Tx(1) * SE3.Ty(2) * SE3.Rz(math.radians(degrees))).log(twist=True)
    back = SE2.Exp(logarithm)
    assert abs(Twist2(pose).w - logarithm[2]) < 1e-9
    print(
        f'{degrees}: SE2 {math.degrees(logarithm[2]):.1f}, SO2 {math.degrees(planar):.1f}, '
        f'as SE3 {math.degrees(space[5]):.1f}; '
        f'exp(log) {math.degrees(back.theta()):.1f} at {back.x:.3f} {back.y:.3f}'
    )
PYTHON

cat > expected <<'TEXT'
45: SE2 45.0, SO2 45.0, as SE3 45.0; exp(log) 45.0 at 1.000 2.000
85: SE2 85.0, SO2 85.0, as SE3 85.0; exp(log) 85.0 at 1.000 2.000
95: SE2 -85.0, SO2 -85.0, as SE3 95.0; exp(log) -85.0 at -1.833 0.916
135: SE2 -45.0, SO2 -45.0, as SE3 135.0; exp(log) -45.0 at -0.828 0.414
-135: SE2 45.0, SO2 45.0, as SE3 -135.0; exp(log) 45.0 at 0.828 -0.414
175: SE2 -5.0, SO2 -5.0, as SE3 175.0; exp(log) -5.0 at -0.087 0.044
TEXT
env/bin/python look.py | tee found
diff expected found
