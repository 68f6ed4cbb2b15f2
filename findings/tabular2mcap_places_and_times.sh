#!/usr/bin/env bash
# tabular2mcap 0.1.12 (PyPI; pandas 3.1.1, NumPy 2.4.6): a kilometre north is 1.5 km east too, and times lose nanoseconds.
#
# Behaviour: latlon_to_utm(), which templates may call, is not UTM: x is the longitude times a degree's length
# at the latitude of the row. Far from the meridian of Greenwich x changes with the latitude by more than
# the northing does. Rows are taken from the table one by one: where all columns are numbers, integers become
# floats, and times in nanoseconds are rounded to 256. With a column of text in the table they are not.
#
# Output seen (metres from the first row, east and north; times from 1700000000 s in ns):
#   north by 0.01 degrees from -33.90 151.20: latlon_to_utm 1638 1113, UTM -19 1109
#   north by 0.01 degrees from 47.40 8.50: latlon_to_utm -122 1113, UTM 7 1111
#   east by 0.01 degrees from -33.90 151.20: latlon_to_utm 924 0, UTM 925 16
#   columns t lat lon: log_time 123456768 223456768, in the table 123456789 223456789
#   columns t lat lon name: log_time 123456789 223456789, in the table 123456789 223456789
#
# Why one would guess otherwise: the function is called UTM, in which a meridian is a straight line nearly, and
# what is approximate about it "for small areas" is in a comment of its source only: small areas are not where
# it is right, but those near longitude 0. Paths come out sheared, with right angles east and west. Times
# that are read as int64 and asked for as int seem to be exact. Stamps that are equal in two tables, of which
# one has a column of text, are equal no longer. Nothing is said.
# The command looks for schemas on the network, so the step that it takes for a row is taken here.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q pandas==3.1.1 numpy==2.4.6 scipy==1.17.1 jinja2==3.1.6 pydantic==2.14.4 tqdm mcap==1.6.0 \
  mcap-ros1-support==0.9.0 mcap-ros2-support==0.6.0 mcap-protobuf-support==0.6.0 \
  foxglove-schemas-protobuf==0.4.0 platformdirs opencv-python-headless==5.0.0.93 av==15.1.0 pyproj==3.7.2
# Without its dependency opencv-python, for the same without windows.
env/bin/pip install -q --no-deps tabular2mcap==0.1.12

cat > look.py <<'PYTHON'
import io

import pandas as pd
from pyproj import Proj
from tabular2mcap.converter.functions import ConverterFunction, ConverterFunctionJinja2Environment
from tabular2mcap.loader.models import ConverterFunctionDefinition

BEGIN = 1_700_000_000_000_000_000
convert = ConverterFunction(
    definition=ConverterFunctionDefinition(
        template='{{ latlon_to_utm(lat, lon) }}', log_time_template='{{ t | int }}'
    ),
    jinja2_env=ConverterFunctionJinja2Environment(),
).init_jinja2_template()


def rows(text):
    table = pd.read_csv(io.StringIO(text))
    return table, [convert.convert_row(row) for _, row in table.iterrows()]


for way, first, second in (
    ('north', (-33.90, 151.20), (-33.89, 151.20)),
    ('north', (47.40, 8.50), (47.41, 8.50)),
    ('east', (-33.90, 151.20), (-33.90, 151.21)),
):
    (_, (one, two)) = rows(f't,lat,lon\n0,{first[0]},{first[1]}\n0,{second[0]},{second[1]}\n')
    zone = Proj(proj='utm', zone=int(first[1] + 180) // 6 + 1, south=first[0] < 0)
    a, b = (zone(lon, lat) for lat, lon in (first, second))
    print(
        f'{way} by 0.01 degrees from {first[0]:.2f} {first[1]:.2f}: '
        f'latlon_to_utm {two.data["x"] - one.data["x"]:.0f} {two.data["y"] - one.data["y"]:.0f}, '
        f'UTM {b[0] - a[0]:.0f} {b[1] - a[1]:.0f}'
    )

times = (BEGIN + 123_456_789, BEGIN + 223_456_789)
for columns, more in (('t lat lon', ''), ('t lat lon name', ',left')):
    lines = [columns.replace(' ', ','), *(f'{time},47.4,8.5{more}' for time in times)]
    table, messages = rows('\n'.join(lines))
    print(
        f'columns {columns}: log_time',
        ' '.join(str(message.log_time_ns - BEGIN) for message in messages) + ', in the table',
        *(int(time) - BEGIN for time in table['t']),
    )
PYTHON

cat > expected <<'TEXT'
north by 0.01 degrees from -33.90 151.20: latlon_to_utm 1638 1113, UTM -19 1109
north by 0.01 degrees from 47.40 8.50: latlon_to_utm -122 1113, UTM 7 1111
east by 0.01 degrees from -33.90 151.20: latlon_to_utm 924 0, UTM 925 16
columns t lat lon: log_time 123456768 223456768, in the table 123456789 223456789
columns t lat lon name: log_time 123456789 223456789, in the table 123456789 223456789
TEXT
env/bin/python look.py | tee found
diff expected found
