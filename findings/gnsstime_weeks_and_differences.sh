#!/usr/bin/env bash
# gnsstime 0.0.9 (PyPI): a rollover is 1024 days, differences have whole seconds, and GPS time is said to be UTC.
#
# Behaviour: from_gpsw() adds 1024 days for each rollover of the week, in place of 1024 weeks. Subtracting one
# time from another takes the microseconds of one of them from themselves: what is below a second is lost, and
# from the modified Julian day, which is such a difference, too. from_gpsw() gives back a datetime in UTC which
# has not been corrected for leap seconds: 18 s late. gpsw and gpswsec, the other way round, have no leap
# seconds either, so that weeks begin 18 s late; only gpst has them.
#
# Output seen:
#   week 0 after 2 rollovers: 1985-08-15, week 2048: 2019-04-07
#   week 238 after 2 rollovers: 1990-03-08, week 2286: 2023-10-29
#   12:00:00.9 - 12:00:00.1: 0.0 s, by datetime 0.8 s
#   half a second after noon: day 60310.5 s 43200.0, by datetime s 43200.5
#   week 2286, second 302418: 2023-11-01 12:00:18+00:00, is 2023-11-01 12:00:00+00:00
#   2023-12-30 23:59:50 UTC: week 2294 s 604790, is week 2295 s 8
#
# Why one would guess otherwise: receivers and NMEA 2000 send the week in 10 bits, a rollover is a rollover of
# that, and the names of the arguments say so. All is a datetime, whose differences are exact, and differences
# of gnsstime and mjd of whole seconds are right. A time zone of UTC in what is given back says that it is UTC.
# Fixes in a bag are matched with images to a few ms; these are off by decades, 18 s, or up to a second.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q gnsstime==0.0.9

cat > look.py <<'PYTHON'
from datetime import datetime, timedelta, timezone

from gnsstime import gnsstime

LEAP = timedelta(seconds=18)
EPOCH = datetime(1980, 1, 6, tzinfo=timezone.utc)

for week in (0, 238):
    rolled = gnsstime.from_gpsw(week, nrollover=2).date()
    full = gnsstime.from_gpsw(2048 + week).date()
    print(f'week {week} after 2 rollovers: {rolled}, week {2048 + week}: {full}')

late, early = (2024, 1, 1, 12, 0, 0, 900_000), (2024, 1, 1, 12, 0, 0, 100_000)
found = (gnsstime(*late) - gnsstime(*early)).total_seconds()
right = (datetime(*late) - datetime(*early)).total_seconds()
print(f'12:00:00.9 - 12:00:00.1: {found} s, by datetime {right} s')

noon = (2024, 1, 1, 12, 0, 0, 500_000)
day = gnsstime(*noon).mjd
seconds = (datetime(*noon) - datetime(2024, 1, 1)).total_seconds()
print(
    f'half a second after noon: day {day:.8g} s {round(day % 1 * 86400, 3)}, by datetime s {seconds}'
)

found = gnsstime.from_gpsw(2286, tow=302418)
right = EPOCH + timedelta(weeks=2286, seconds=302418) - LEAP
print(f'week 2286, second 302418: {found}, is {right}')

time = (2023, 12, 30, 23, 59, 50)
found = gnsstime(*time)
week, second = divmod(datetime(*time, tzinfo=timezone.utc) + LEAP - EPOCH, timedelta(weeks=1))
print(
    f'2023-12-30 23:59:50 UTC: week {found.gpsw} s {found.gpswsec:.0f}, '
    f'is week {week} s {second.seconds}'
)
PYTHON

cat > expected <<'TEXT'
week 0 after 2 rollovers: 1985-08-15, week 2048: 2019-04-07
week 238 after 2 rollovers: 1990-03-08, week 2286: 2023-10-29
12:00:00.9 - 12:00:00.1: 0.0 s, by datetime 0.8 s
half a second after noon: day 60310.5 s 43200.0, by datetime s 43200.5
week 2286, second 302418: 2023-11-01 12:00:18+00:00, is 2023-11-01 12:00:00+00:00
2023-12-30 23:59:50 UTC: week 2294 s 604790, is week 2295 s 8
TEXT
env/bin/python look.py | tee found
diff expected found
