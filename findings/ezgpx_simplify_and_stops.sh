#!/usr/bin/env bash
# ezgpx 0.3.3 (PyPI; pandas 3.1.1, polars 2.1.0): simplified, a drive out and back is gone; at 10 Hz a car stands.
#
# Behaviour: simplify() measures how far points are from the infinite line through the first and the last one,
# not from the piece between them: of a drive up a straight street and back to 10 m from the start all is on
# that line, and two points are left. Of a line to the north the distance has a wrong sign, so that it is
# twice the longitude: no point of it is ever left out. stopped_time() calls all steps of less than 2.45 m
# standing, however short they are: a car at 50 km/h, which a receiver of 10 Hz has 1.4 m from fix to fix.
#
# Output seen (points and length before and after simplify with the default tolerance, 2 m):
#   1 km to 45 degrees: 101 points, 1000 m; 2 points, 1000 m
#   1 km to 45 degrees and back to 10 m: 200 points, 1989 m; 2 points, 10 m
#   1 km to 0 degrees: 101 points, 1001 m; 101 points, 1001 m
#   1 minute at 14 m/s, 1 Hz: stopped 0 s, moving 60 s
#   1 minute at 14 m/s, 5 Hz: stopped 0 s, moving 60 s
#   1 minute at 14 m/s, 10 Hz: stopped 60 s, moving 0 s
#
# Why one would guess otherwise: of the tolerance it is said that it is the least distance "between the point
# and the track if the point were removed", which is a kilometre here; the first and the last point of most
# drives are near each other. A time standing is one of low speed, for which there are times in the file.
# (Of a line to the north there is a warning, "Vertical line".)
# Without its plotters, which it imports, but whose packages it does not install.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q ezgpx==0.3.3 lxml==6.1.3 xmlschema==4.3.2 timezonefinder==9.0.0 narwhals==2.29.0 \
  pandas==3.1.1 polars==2.1.0 fitparse==1.2.0 geographiclib==2.1

cat > look.py <<'PYTHON'
import datetime
import sys
import types

from geographiclib.geodesic import Geodesic

sys.modules['ezgpx.plotters'] = types.ModuleType('ezgpx.plotters')
from ezgpx import GPX

BEGIN = datetime.datetime(2024, 1, 1)
SPACE = 'http://www.topografix.com/GPX/1/1'


def drive(course, metres, hertz=1):
    lines = [
        f'<gpx version="1.1" creator="drive" xmlns="{SPACE}" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xsi:schemaLocation="{SPACE} {SPACE}/gpx.xsd"><trk><trkseg>'
    ]
    for number, distance in enumerate(metres):
        place = Geodesic.WGS84.Direct(47.4, 8.5, course, distance)
        time = BEGIN + datetime.timedelta(seconds=number / hertz)
        lines.append(
            f'<trkpt lat="{place["lat2"]:.7f}" lon="{place["lon2"]:.7f}"><ele>400</ele>'
            f'<time>{time.isoformat(timespec="milliseconds")}Z</time></trkpt>'
        )
    with open('drive.gpx', 'w') as file:
        file.write('\n'.join([*lines, '</trkseg></trk></gpx>']))
    return GPX('drive.gpx')


def size(track):
    return f'{len(track.gpx.trk[0].trkseg[0].trkpt)} points, {track.distance():.0f} m'


out = list(range(0, 1001, 10))
for name, course, metres in (
    ('1 km to 45 degrees', 45, out),
    ('1 km to 45 degrees and back to 10 m', 45, out + out[-2:0:-1]),
    ('1 km to 0 degrees', 0, out),
):
    track = drive(course, metres)
    before = size(track)
    track.simplify()
    print(f'{name}: {before}; {size(track)}')
for hertz in (1, 5, 10):
    track = drive(45, [14 * number / hertz for number in range(60 * hertz + 1)], hertz)
    print(
        f'1 minute at 14 m/s, {hertz} Hz: stopped {track.stopped_time().total_seconds():.0f} s, '
        f'moving {track.moving_time().total_seconds():.0f} s'
    )
PYTHON

cat > expected <<'TEXT'
1 km to 45 degrees: 101 points, 1000 m; 2 points, 1000 m
1 km to 45 degrees and back to 10 m: 200 points, 1989 m; 2 points, 10 m
1 km to 0 degrees: 101 points, 1001 m; 101 points, 1001 m
1 minute at 14 m/s, 1 Hz: stopped 0 s, moving 60 s
1 minute at 14 m/s, 5 Hz: stopped 0 s, moving 60 s
1 minute at 14 m/s, 10 Hz: stopped 60 s, moving 0 s
TEXT
env/bin/python -W ignore look.py | tee found
diff expected found
