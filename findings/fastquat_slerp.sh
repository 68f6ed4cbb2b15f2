#!/usr/bin/env bash
# fastquat 0.5.2 (PyPI; jax 0.10.2, NumPy 2.4.6): slerp between near orientations ends where it began.
#
# Behaviour: slerp() of quaternions whose dot product is above 0.9995, turns of less than 3.6 degrees, is linear
# with the weight t (1 - t) in place of t: with t = 1 it gives the first orientation, half way is a quarter of
# the way, and no t gives more. Wider turns are right. from_rotation_matrix() divides by the root of the
# trace + 1, whatever the matrix: a half turn is nan, and next to it the quaternion is not of unit length.
#
# Output seen (degrees of yaw; slerp from 0 to the angle, norms of the quaternions of matrices):
#   to 3.0: at 0 0.25 0.5 0.75 1: 0.00 0.56 0.75 0.56 0.00
#   to 4.0: at 0 0.25 0.5 0.75 1: 0.00 1.00 2.00 3.00 4.00
#   matrix of 90: norm 1.000, of 179.9: norm 0.991, of 180: norm nan
#
# Why one would guess otherwise: "t=0 returns self, t=1 returns other" is how slerp() is documented, and it is
# right for wide turns, on which it is tried. Poses of odometry or a camera are mostly nearer than 3.6 degrees:
# orientations between two of them are off by up to the whole turn. A heading straight back is as valid a
# matrix as any, "the normalized Quaternion" is promised, and of an array of many one nan is not seen.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q fastquat==0.5.2 jax==0.10.2 numpy==2.4.6

cat > look.py <<'PYTHON'
from math import atan2, cos, degrees, radians, sin

import jax.numpy as jnp
from fastquat import Quaternion


def heading(angle):
    return Quaternion(cos(radians(angle) / 2), 0.0, 0.0, sin(radians(angle) / 2))


def yaw(quaternion):
    return degrees(2 * atan2(float(quaternion.z), float(quaternion.w)))


for angle in (3.0, 4.0):
    steps = (0, 0.25, 0.5, 0.75, 1)
    found = [yaw(heading(0).slerp(heading(angle), float(t))) for t in steps]
    print(
        f'to {angle}: at', ' '.join(map(str, steps)) + ':', ' '.join(f'{abs(a):.2f}' for a in found)
    )

norms = []
for angle in (90, 179.9, 180):
    c, s = cos(radians(angle)), sin(radians(angle))
    matrix = jnp.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    norms.append(f'of {angle}: norm {float(Quaternion.from_rotation_matrix(matrix).norm()):.3f}')
print('matrix', ', '.join(norms))
PYTHON

cat > expected <<'TEXT'
to 3.0: at 0 0.25 0.5 0.75 1: 0.00 0.56 0.75 0.56 0.00
to 4.0: at 0 0.25 0.5 0.75 1: 0.00 1.00 2.00 3.00 4.00
matrix of 90: norm 1.000, of 179.9: norm 0.991, of 180: norm nan
TEXT
JAX_PLATFORMS=cpu env/bin/python look.py | tee found
diff expected found
