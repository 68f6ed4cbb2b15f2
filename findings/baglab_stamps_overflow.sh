#!/usr/bin/env bash
# baglab 1.1.0 with baglab-mcap-backend 1.1.0 (PyPI; rosbags 0.11.9, pandas 3.1.1, NumPy 2.4.6): stamps end up near 1970.
#
# Behaviour: with the backend for MCAP, which is used where it is installed, the columns of a table have the
# types of the message: seconds are int32. reindex_by_stamp() multiplies them by 10^9 in that type, where they
# overflow; times are within 3.2 s of 1970, and begin again every 4.3 s. With the backend rosbags all integers
# are int64, and times right. stamp_to_sec(), which multiplies the nanoseconds by a float, is right in both.
#
# Output seen (10 messages, one a second, the same file; index after reindex_by_stamp):
#   rosbags: header.stamp.sec int64, first 2023-11-14 22:13:20.123456789, 0 1 2 3 4 5 6 7 8 9 s
#   mcap: header.stamp.sec int32, first 1970-01-01 00:00:01.032178965, 0.00 1.00 -2.29 -1.29 -0.29 0.71 -2.59 -1.59 -0.59 0.41 s
#   stamp_to_sec: rosbags 1700000000.123, mcap 1700000000.123
#   time_slice of 2 to 5 s: rosbags 4 rows, mcap KeyError
#
# Why one would guess otherwise: the backend is an "MCAP C++ backend" for the same tables, faster, and chosen
# by itself; that a package is installed does not seem to change times. The function is there to put topics
# on one clock; all of them are wrong alike, so that they still fit each other here and there. The result
# is a DatetimeIndex with all its digits. Nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q baglab==1.1.0 baglab-mcap-backend==1.1.0 rosbags==0.11.9 pandas==3.1.1 numpy==2.4.6

cat > look.py <<'PYTHON'
from pathlib import Path

import baglab
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

store = get_typestore(Stores.ROS2_JAZZY)
Point, Stamped, Header, Time = (
    store.types[name]
    for name in (
        'geometry_msgs/msg/Point',
        'geometry_msgs/msg/PointStamped',
        'std_msgs/msg/Header',
        'builtin_interfaces/msg/Time',
    )
)
with Writer(Path('drive'), version=9, storage_plugin=StoragePlugin.MCAP) as writer:
    connection = writer.add_connection('/place', Stamped.__msgtype__, typestore=store)
    for number in range(10):
        seconds = 1_700_000_000 + number
        message = Stamped(Header(Time(seconds, 123_456_789), 'map'), Point(float(number), 0.0, 0.0))
        data = store.serialize_cdr(message, Stamped.__msgtype__)
        writer.write(connection, seconds * 10**9 + 133_456_789, data)


def rows(table):
    try:
        return f'{len(baglab.time_slice(table, 2, 5))} rows'
    except KeyError as error:
        return type(error).__name__


first, cut = [], []
for backend, digits in (('rosbags', 0), ('mcap', 2)):
    table = baglab.load('drive', backend=backend, use_cache=False)['/place']
    moved = baglab.reindex_by_stamp(table)
    since = (moved.index - moved.index[0]).total_seconds()
    print(
        f'{backend}: header.stamp.sec {table["header.stamp.sec"].dtype}, first {moved.index[0]},',
        *(f'{second:.{digits}f}' for second in since),
        's',
    )
    first.append(f'{backend} {baglab.stamp_to_sec(table).iloc[0]:.3f}')
    cut.append(f'{backend} {rows(moved)}')
print(f'stamp_to_sec: {", ".join(first)}')
print(f'time_slice of 2 to 5 s: {", ".join(cut)}')
PYTHON

cat > expected <<'TEXT'
rosbags: header.stamp.sec int64, first 2023-11-14 22:13:20.123456789, 0 1 2 3 4 5 6 7 8 9 s
mcap: header.stamp.sec int32, first 1970-01-01 00:00:01.032178965, 0.00 1.00 -2.29 -1.29 -0.29 0.71 -2.59 -1.59 -0.59 0.41 s
stamp_to_sec: rosbags 1700000000.123, mcap 1700000000.123
time_slice of 2 to 5 s: rosbags 4 rows, mcap KeyError
TEXT
env/bin/python look.py | tee found
diff expected found
