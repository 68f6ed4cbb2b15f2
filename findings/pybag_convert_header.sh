#!/usr/bin/env bash
# pybag-sdk 0.13.0 (PyPI; rosbags 0.11.9, mcap 1.6.0): converted to ROS 2, a header is that of ROS 1.
#
# Behaviour: "pybag convert drive.bag -o drive.mcap", whose default is to translate to ROS 2, leaves
# seq in std_msgs/Header. The file has a definition of std_msgs/msg/Header that no ROS 2 has, with
# messages to match: by the real one, seq is the seconds, the seconds are the nanoseconds, and the
# nanoseconds are the length of frame_id. That a topic was latched is lost too, as it is by "pybag
# filter", "merge" and "sort" of ROS 1 bags. rosbags-convert of the same bag gets both right.
#
# Output seen (header: seq 7, 1700000000.000000005 s, frame_id "gps"; /map_origin is latched):
#   rosbags-convert: header of ROS 2, 1700000000.000000005 s, frame_id gps
#   rosbags-convert: durability of /fix volatile, of /map_origin transient_local
#   pybag convert: fields of Header: seq stamp frame_id
#   pybag convert: header of ROS 2: 7 s and 1700000000 ns, then SerdeError
#   pybag convert: durability of /fix volatile, of /map_origin volatile
#   pybag filter: latched False, before True
#
# Why one would guess otherwise: the help says "Translates messages to ROS2/CDR format", time and
# duration are translated, and readers that go by the definition in the file, like pybag itself, show
# the right stamps. Nodes go by the definition they were built with: a played bag is nonsense to them,
# and a map's origin or /tf_static never comes to those that start later. Nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q pybag-sdk==0.13.0 rosbags==0.11.9 mcap==1.6.0 numpy==2.4.6

cat > look.py <<'PYTHON'
import struct
import sys

import numpy as np
from mcap.reader import make_reader
from rosbags.rosbag1 import Reader, Writer
from rosbags.typesys import Stores, get_typestore

FIX = 'sensor_msgs/msg/NavSatFix'
ros1, ros2 = get_typestore(Stores.ROS1_NOETIC), get_typestore(Stores.ROS2_JAZZY)


def record():
    types = ros1.types
    stamp = types['builtin_interfaces/msg/Time'](sec=1_700_000_000, nanosec=5)
    fix = types[FIX](
        header=types['std_msgs/msg/Header'](seq=7, stamp=stamp, frame_id='gps'),
        status=types['sensor_msgs/msg/NavSatStatus'](status=0, service=1),
        latitude=-27.5,
        longitude=153.0,
        altitude=30.0,
        position_covariance=np.zeros(9),
        position_covariance_type=0,
    )
    with Writer('drive.bag') as writer:
        for topic, latching in (('/fix', None), ('/map_origin', 1)):
            connection = writer.add_connection(topic, FIX, typestore=ros1, latching=latching)
            writer.write(connection, 1_700_000_000_000_000_005, ros1.serialize_ros1(fix, FIX))


def header(data):
    """By the definition of ROS 2, also where the rest does not fit."""
    try:
        found = ros2.deserialize_cdr(data, FIX).header
    except Exception as error:
        seconds, nanoseconds = struct.unpack_from('<iI', data, 4)
        return f': {seconds} s and {nanoseconds} ns, then {type(error).__name__}'
    return f', {found.stamp.sec}.{found.stamp.nanosec:09} s, frame_id {found.frame_id}'


def durability(channel):
    profiles = channel.metadata.get('offered_qos_profiles', '')
    return 'transient_local' if 'transient_local' in profiles else 'volatile'


def show(tool, path):
    with open(path, 'rb') as file:
        found = {
            channel.topic: (schema, channel, message.data)
            for schema, channel, message in make_reader(file).iter_messages()
        }
    schema, _, data = found['/fix']
    text = schema.data.decode().split('MSG: std_msgs/Header')[1].split('====')[0]
    fields = [line.split()[1] for line in text.splitlines() if line and line[0] != '#']
    if fields != ['stamp', 'frame_id']:
        print(f'{tool}: fields of Header:', *fields)
    print(f'{tool}: header of ROS 2{header(data)}')
    kinds = ', of '.join(f'{topic} {durability(found[topic][1])}' for topic in sorted(found))
    print(f'{tool}: durability of {kinds}')


def latched(path):
    with Reader(path) as reader:
        return any(bool(connection.ext.latching) for connection in reader.connections)


if sys.argv[1:] == ['record']:
    record()
else:
    show('rosbags-convert', 'rosbags/rosbags.mcap')
    show('pybag convert', 'pybag.mcap')
    print(f'pybag filter: latched {latched("filtered.bag")}, before {latched("drive.bag")}')
PYTHON

env/bin/python look.py record
env/bin/rosbags-convert --src drive.bag --dst rosbags --dst-storage mcap
env/bin/pybag convert drive.bag -o pybag.mcap
env/bin/pybag filter drive.bag -o filtered.bag
cat > expected <<'TEXT'
rosbags-convert: header of ROS 2, 1700000000.000000005 s, frame_id gps
rosbags-convert: durability of /fix volatile, of /map_origin transient_local
pybag convert: fields of Header: seq stamp frame_id
pybag convert: header of ROS 2: 7 s and 1700000000 ns, then SerdeError
pybag convert: durability of /fix volatile, of /map_origin volatile
pybag filter: latched False, before True
TEXT
env/bin/python look.py | tee found
diff expected found
