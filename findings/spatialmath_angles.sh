#!/usr/bin/env bash
# spatialmath-python 1.1.18 (PyPI; NumPy 2.4.6, SciPy 1.17.1): folded latitudes of 180 degrees; half an angle.
#
# Behaviour: base.wrap_mpi2_pi2(), which is also angle_wrap() with the mode '-pi/2:pi/2', folds angles below
# 180 degrees right. From there on it subtracts half turns by the number of quarter turns: 180 becomes
# -180, 350 becomes 190. UnitQuaternion.angdist() gives half of the angle between two orientations,
# SO3.angdist() and SE3.angdist() of the same the angle; their default metrics, 3 and 6, are not the same.
#
# Output seen (degrees; folded by asin(sin) for comparison):
#   folded: 45 100 170 180 190 260 350 -200 to 45 80 10 -180 -170 -100 190 160
#   by asin(sin): 45 100 170 180 190 260 350 -200 to 45 80 10 0 -10 -80 -10 20
#   10 apart: SO3 10.0, SE3 10.0, UnitQuaternion 5.0
#   90 apart: SO3 90.0, SE3 90.0, UnitQuaternion 45.0
#   170 apart: SO3 170.0, SE3 170.0, UnitQuaternion 85.0
#
# Why one would guess otherwise: the range is said to be [-pi/2, pi/2], "used to fold angles of latitude", and
# longitudes of up to 360 and headings are what one has beside them. angdist is in all three classes "angle
# in radians", the "geodesic distance"; that the one ends at pi/2 is in a table of metrics only. An error of
# a heading of less than 10 degrees, say, is asked of 20 by changing the class.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q spatialmath-python==1.1.18 numpy==2.4.6 scipy==1.17.1

cat > look.py <<'PYTHON'
import math

from spatialmath import SE3, SO3, UnitQuaternion, base


def text(values):
    return ' '.join(str(round(math.degrees(value))) for value in values)


angles = [math.radians(degrees) for degrees in (45, 100, 170, 180, 190, 260, 350, -200)]
folded = [base.wrap_mpi2_pi2(angle) for angle in angles]
assert folded == [float(base.angle_wrap(angle, mode='-pi/2:pi/2')) for angle in angles]
print(f'folded: {text(angles)} to {text(folded)}')
print(f'by asin(sin): {text(angles)} to {text(math.asin(math.sin(angle)) for angle in angles)}')
for degrees in (10, 90, 170):
    found = {
        kind.__name__: kind().angdist(kind.Rz(degrees, unit='deg'))
        for kind in (SO3, SE3, UnitQuaternion)
    }
    print(
        f'{degrees} apart: '
        + ', '.join(f'{name} {math.degrees(angle):.1f}' for name, angle in found.items())
    )
PYTHON

cat > expected <<'TEXT'
folded: 45 100 170 180 190 260 350 -200 to 45 80 10 -180 -170 -100 190 160
by asin(sin): 45 100 170 180 190 260 350 -200 to 45 80 10 0 -10 -80 -10 20
10 apart: SO3 10.0, SE3 10.0, UnitQuaternion 5.0
90 apart: SO3 90.0, SE3 90.0, UnitQuaternion 45.0
170 apart: SO3 170.0, SE3 170.0, UnitQuaternion 85.0
TEXT
env/bin/python look.py | tee found
diff expected found
