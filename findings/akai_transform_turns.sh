#!/usr/bin/env bash
# akai-transform 1.0.0 (PyPI; NumPy 2.4.6): small turns are none, half turns have no axis, slerp goes the long way.
#
# Behaviour: quat2rvec() takes every quaternion with w > 0.9995 for no turn: that is a turn of up to 3.6
# degrees. rmat2rvec() finds the axis of a half turn only where it is x, y or z; of others the axis is 0 0 0,
# and the matrix of that is no turn at all. rmat2quat() changes the sign of its quaternions at 120 degrees of
# yaw to the right, and slerp() and interp_multi_waypoints(), which uses it, go round the other way there.
# quat2log(), log_so3() and interp_p2p() of the same package are right.
#
# Output seen (degrees):
#   turns of 1.0 3.0 3.6 3.7 10.0: quat2rvec 0.0 0.0 0.0 3.7 10.0, quat2log 1.0 3.0 3.6 3.7 10.0
#   half turn about z: axis 0.00 0.00 1.00, log_so3 0.00 0.00 1.00, turns again by 180
#   half turn about x = y: axis 0.00 0.00 0.00, log_so3 0.71 0.71 0.00, turns again by 0
#   half way from yaw -100 to -110: slerp -105, interp_p2p -105
#   half way from yaw -115 to -125: slerp 60, interp_p2p -120
#   yaw -105 -115 -125 -135, two steps each: by slerp -105 -110 -115 60 -125 -130 -135
#
# Why one would guess otherwise: an angle that is returned as a float seems to be as fine as one; between
# poses of a camera or odometry turns are mostly below 3.6 degrees, and all of them together are lost. Half
# turns about the diagonal x = y are how a camera's axes lie to a robot's. That q and -q are the same turn
# is known to the function next to it, and waypoints made by the package's own conversion are what one has.
# A path to the right is right up to 120 degrees, to the left everywhere. Nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q akai-transform==1.0.0 numpy==2.4.6

cat > look.py <<'PYTHON'
from math import degrees, pi, radians

import numpy as np
from akai_transform import log_quat, quat, se3, tf3d


def heading(degrees_of_yaw):
    return tf3d.rmat2quat(tf3d.rz(radians(degrees_of_yaw)))


def yaw(quaternion):
    return f'{degrees(tf3d.quat2euler(quaternion)[2]):.0f}'


def row(numbers, digits):
    return ' '.join(f'{number + 0.0:.{digits}f}' for number in np.round(numbers, digits))


turns = (1.0, 3.0, 3.6, 3.7, 10.0)
quaternions = [tf3d.rvec2quat([0, 0, 1], radians(turn)) for turn in turns]
by_axis = [degrees(tf3d.quat2rvec(q)[1]) for q in quaternions]
by_log = [degrees(np.linalg.norm(log_quat.quat2log(q))) for q in quaternions]
print(f'turns of {row(turns, 1)}: quat2rvec {row(by_axis, 1)}, quat2log {row(by_log, 1)}')

for name, axis in (('z', (0, 0, 1)), ('x = y', (1, 1, 0))):
    matrix = tf3d.rvec2rmat(np.array(axis) / np.linalg.norm(axis), pi)
    found, angle = tf3d.rmat2rvec(matrix)
    again = tf3d.rvec2rmat(found, angle)
    print(
        f'half turn about {name}: axis {row(found, 2)}, '
        f'log_so3 {row(se3.log_so3(matrix[:3, :3]) / pi, 2)}, '
        f'turns again by {degrees(np.arccos((np.trace(again[:3, :3]) - 1) / 2)):.0f}'
    )

for first, last in ((-100, -110), (-115, -125)):
    ends = heading(first), heading(last)
    print(
        f'half way from yaw {first} to {last}: slerp {yaw(quat.slerp(*ends, 0.5))}, '
        f'interp_p2p {yaw(quat.interp_p2p(*ends, [0.5])[0])}'
    )

points = [heading(angle) for angle in (-105, -115, -125, -135)]
path = quat.interp_multi_waypoints(points, np.arange(0, 3.1, 0.5), 'slerp')
print('yaw -105 -115 -125 -135, two steps each: by slerp', ' '.join(map(yaw, path)))
PYTHON

cat > expected <<'TEXT'
turns of 1.0 3.0 3.6 3.7 10.0: quat2rvec 0.0 0.0 0.0 3.7 10.0, quat2log 1.0 3.0 3.6 3.7 10.0
half turn about z: axis 0.00 0.00 1.00, log_so3 0.00 0.00 1.00, turns again by 180
half turn about x = y: axis 0.00 0.00 0.00, log_so3 0.71 0.71 0.00, turns again by 0
half way from yaw -100 to -110: slerp -105, interp_p2p -105
half way from yaw -115 to -125: slerp 60, interp_p2p -120
yaw -105 -115 -125 -135, two steps each: by slerp -105 -110 -115 60 -125 -130 -135
TEXT
env/bin/python look.py | tee found
diff expected found
