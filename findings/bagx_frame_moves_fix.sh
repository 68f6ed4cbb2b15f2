#!/usr/bin/env bash
# bagx 0.6.0 (PyPI; rosbags 0.11.9, mcap 1.6.0, mcap-ros2-support 0.6.0): the name of a frame moves latitude and fix.
#
# Behaviour: from .db3 files bagx reads NavSatFix by itself. After frame_id it goes on at a multiple of 4; in
# CDR the status, one byte, follows at once. With names whose length, with the final zero, is not a multiple
# of 4 the status is a byte of padding or of the service: 0 or more, a fix, where there was none. With lengths
# of 1 more than a multiple of 8 all after it is read 8 bytes late: latitude is the longitude, longitude the
# altitude, and the covariance is lost. Messages in MCAP, which another package decodes, are right.
#
# Output seen (10 messages at 47.4 8.5, 450 m, 8 of them without a fix, 2 m of deviation; the first message):
#   db3, gps: status -1, 47.4 8.5 450.0; fix rate 0.2, hdop 2
#   db3, gnss: status 0, 47.4 8.5 450.0; fix rate 1.0, hdop 2
#   db3, base_link: status 1, 47.4 8.5 450.0; fix rate 1.0, hdop 2
#   db3, gps_link: status 51, 8.5 450.0 4.0; fix rate 1.0, hdop nan
#   mcap, gps_link: status -1, 47.4 8.5 450.0
#
# Why one would guess otherwise: the type is of the common packages and has a parser of its own, "gps" is right,
# and so are poses, twists and odometry, where what follows is aligned. An evaluation of a receiver says that
# it had a fix all the time, or that it was elsewhere, by the name of a frame. Nothing is said.
# (Evaluating NavSatFix in MCAP is an error, since the status is a message there.)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q bagx==0.6.0 rosbags==0.11.9 numpy==2.4.6 mcap==1.6.0 mcap-ros2-support==0.6.0

cat > look.py <<'PYTHON'
from pathlib import Path

import numpy as np
from bagx.eval import evaluate_bag
from bagx.reader import BagReader
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

store = get_typestore(Stores.ROS2_JAZZY)
Fix, Status, Header, Time = (
    store.types[name]
    for name in (
        'sensor_msgs/msg/NavSatFix',
        'sensor_msgs/msg/NavSatStatus',
        'std_msgs/msg/Header',
        'builtin_interfaces/msg/Time',
    )
)
COVARIANCE = np.diag([4.0, 4.0, 9.0]).ravel()


def record(folder, storage, frame):
    with Writer(Path(folder), version=9, storage_plugin=storage) as writer:
        connection = writer.add_connection('/fix', Fix.__msgtype__, typestore=store)
        for number in range(10):
            header = Header(Time(1_700_000_000 + number, 0), frame)
            status = Status(-1 if number < 8 else 0, 1)
            message = Fix(header, status, 47.4, 8.5, 450.0, COVARIANCE, 2)
            data = store.serialize_cdr(message, Fix.__msgtype__)
            writer.write(connection, header.stamp.sec * 10**9, data)


for name, storage, frame in (
    ('db3', StoragePlugin.SQLITE3, 'gps'),
    ('db3', StoragePlugin.SQLITE3, 'gnss'),
    ('db3', StoragePlugin.SQLITE3, 'base_link'),
    ('db3', StoragePlugin.SQLITE3, 'gps_link'),
    ('mcap', StoragePlugin.MCAP, 'gps_link'),
):
    folder = f'{name}_{frame}'
    record(folder, storage, frame)
    first = next(iter(BagReader(folder).read_messages())).data
    status = first['status']
    status = status['status'] if isinstance(status, dict) else status
    line = f'{name}, {frame}: status {status}, '
    line += f'{first["latitude"]} {first["longitude"]} {first["altitude"]}'
    if name == 'db3':
        gnss = evaluate_bag(folder).gnss
        line += f'; fix rate {gnss.fix_rate:.1f}, hdop {gnss.hdop_mean:g}'
    print(line)
PYTHON

cat > expected <<'TEXT'
db3, gps: status -1, 47.4 8.5 450.0; fix rate 0.2, hdop 2
db3, gnss: status 0, 47.4 8.5 450.0; fix rate 1.0, hdop 2
db3, base_link: status 1, 47.4 8.5 450.0; fix rate 1.0, hdop 2
db3, gps_link: status 51, 8.5 450.0 4.0; fix rate 1.0, hdop nan
mcap, gps_link: status -1, 47.4 8.5 450.0
TEXT
env/bin/python look.py | tee found
diff expected found
