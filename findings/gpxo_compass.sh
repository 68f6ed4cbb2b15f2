#!/usr/bin/env bash
# gpxo 0.3.0 (PyPI; gpxpy 1.6.2, pandas 3.1.1, NumPy 2.4.6): courses of a track are those of a track at the equator.
#
# Behaviour: Track converts latitudes and longitudes to radians before it calls compass(), which does so
# again: to compass() the track is near 0 0, where a degree of longitude is as long as one of latitude.
# Courses are right to the north, east, south and west, and too near to east or west in between: north-east
# is 63 degrees at a latitude of 60. compass() itself, given degrees, is right.
#
# Output seen (a track by geographiclib on a course of 45, 135, 225, 315 and 90 degrees; the column, compass()):
#   latitude 0: 45, 135, 225, 315, 90; by compass() 45, 135, 225, 315, 90
#   latitude -27.5: 48, 132, 228, 312, 90; by compass() 45, 135, 225, 315, 90
#   latitude 47.4: 56, 124, 236, 304, 90; by compass() 45, 135, 225, 315, 90
#   latitude 60: 63, 117, 243, 297, 90; by compass() 45, 135, 225, 315, 90
#
# Why one would guess otherwise: column and function have one name, "Compass bearing in decimal degrees", and
# of the column it is said "See gpxo.compass", whose examples are right, as are distances and speeds of
# the same table. A town with streets to the points of the compass looks right; headings of images that
# are compared with the course of a drive are up to 20 degrees off, by a pattern. Nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q gpxo==0.3.0 gpxpy==1.6.2 vincenty==0.1.4 pandas==3.1.1 numpy==2.4.6 matplotlib==3.11.2 \
  geographiclib==2.1

cat > look.py <<'PYTHON'
import datetime

import gpxo
from geographiclib.geodesic import Geodesic
from gpxpy import gpx as xml

BEGIN = datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)


def courses(latitude, course):
    segment = xml.GPXTrackSegment()
    for second in range(5):
        place = Geodesic.WGS84.Direct(latitude, 8.5, course, 20 * second)
        time = BEGIN + datetime.timedelta(seconds=second)
        segment.points.append(xml.GPXTrackPoint(place['lat2'], place['lon2'], 400, time))
    drive, track = xml.GPX(), xml.GPXTrack()
    drive.tracks.append(track)
    track.segments.append(segment)
    with open('drive.gpx', 'w') as file:
        file.write(drive.to_xml())
    table = gpxo.Track('drive.gpx').data
    places = table[['latitude (°)', 'longitude (°)']].to_numpy().T
    by_function = gpxo.compass(places[:, :-1], places[:, 1:])
    return f'{table["compass (°)"].iloc[-1]:.0f}', f'{by_function[-1]:.0f}'


for latitude in (0, -27.5, 47.4, 60):
    column, function = zip(*(courses(latitude, course) for course in (45, 135, 225, 315, 90)))
    print(f'latitude {latitude}: {", ".join(column)}; by compass() {", ".join(function)}')
PYTHON

cat > expected <<'TEXT'
latitude 0: 45, 135, 225, 315, 90; by compass() 45, 135, 225, 315, 90
latitude -27.5: 48, 132, 228, 312, 90; by compass() 45, 135, 225, 315, 90
latitude 47.4: 56, 124, 236, 304, 90; by compass() 45, 135, 225, 315, 90
latitude 60: 63, 117, 243, 297, 90; by compass() 45, 135, 225, 315, 90
TEXT
env/bin/python -W ignore look.py | tee found
diff expected found
