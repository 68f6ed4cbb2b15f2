#!/usr/bin/env bash
# cnspy-trajectory 0.2.14 (PyPI; cnspy-csv2dataframe 0.2.3, spatialmath-python 1.1.18): yaw of a
# trajectory in the plane is read too small.
#
# Behaviour: Trajectory(fn=...) of a file with columns t, tx, ty, yaw makes the quaternion of an angle
# (0, 0, yaw / 2, 1), in place of (0, 0, sin(yaw / 2), cos(yaw / 2)). It is not of unit length; where it is
# normalised, it is a turn by 2 atan(yaw / 2): right for small angles, 115 degrees for a half turn, and
# never more than that. save_to_CSV() writes it so, under the names of the TUM format.
#
# Output seen (degrees):
#   yaw in the file: 0 5 30 90 180 -90
#   yaw of the trajectory: 0.00 5.00 29.34 76.29 115.04 -76.29
#   yaw of the quaternions that it saves: 0.00 5.00 29.34 76.29 115.04 -76.29
#   their lengths: 1.000 1.001 1.034 1.272 1.862 1.272
#
# Why one would guess otherwise: the file's format is one that is named and recognised (Pose2DStamped),
# positions and times are right, and so are quaternions that are read as such. Robots on a floor, whose
# poses are of this kind, turn by more than small angles; errors of heading are then those of the reader.
# Nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
# cnspy-timestamp-association is imported, but not among the package's dependencies.
env/bin/pip install -q cnspy-timestamp-association==0.2.1
env/bin/pip install -q cnspy-trajectory==0.2.14 cnspy-csv2dataframe==0.2.3 cnspy-numpy-utils==0.2.1 \
  cnspy-spatial-csv-formats==0.2.2 spatialmath-python==1.1.18 numpy==2.4.6 pandas==3.1.1 \
  scipy==1.17.1 matplotlib==3.11.2

cat > look.py <<'PYTHON'
import csv
import math
import warnings
from pathlib import Path

import numpy as np

warnings.simplefilter('ignore')
from cnspy_trajectory.Trajectory import Trajectory  # noqa: E402

DEGREES = (0, 5, 30, 90, 180, -90)
lines = [f'{number},{number},0,{math.radians(yaw)}' for number, yaw in enumerate(DEGREES)]
Path('plane.csv').write_text('\n'.join(['t,tx,ty,yaw', *lines]) + '\n')


def joined(values, form):
    return ' '.join(form.format(value) for value in values)


trajectory = Trajectory(fn='plane.csv')
print('yaw in the file:', *DEGREES)
yaw = np.degrees(trajectory.get_rpy_vec()[:, 2])
print('yaw of the trajectory:', joined(yaw, '{:.2f}'))
trajectory.save_to_CSV('saved.csv')
rows = list(csv.DictReader(open('saved.csv')))
saved = np.array([[float(row[name]) for name in ('qx', 'qy', 'qz', 'qw')] for row in rows])
assert (saved[:, :2] == 0).all()
yaw = np.degrees(2 * np.arctan2(saved[:, 2], saved[:, 3]))
print('yaw of the quaternions that it saves:', joined(yaw, '{:.2f}'))
print('their lengths:', joined(np.linalg.norm(saved, axis=1), '{:.3f}'))
PYTHON

cat > expected <<'TEXT'
yaw in the file: 0 5 30 90 180 -90
yaw of the trajectory: 0.00 5.00 29.34 76.29 115.04 -76.29
yaw of the quaternions that it saves: 0.00 5.00 29.34 76.29 115.04 -76.29
their lengths: 1.000 1.001 1.034 1.272 1.862 1.272
TEXT
env/bin/python look.py 2> messages | tee found
diff expected found
