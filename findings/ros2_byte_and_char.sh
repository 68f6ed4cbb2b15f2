#!/usr/bin/env bash
# rosbags 0.11.9 and mcap-ros2-support 0.6.0 (PyPI): the one reads byte, the other char with a sign.
#
# Behaviour: in ROS 2, byte is an octet and char an unsigned number of 8 bits. rosbags takes byte for int8:
# from 128 on it is negative, alone and in arrays. mcap-ros2-support takes char for int8. Each is right
# where the other one is wrong, and each refuses to write what it would read as negative.
#
# Output seen (200 in each field):
#   rosbags: byte -56, byte[] -56, char 200, char[] 200, uint8 200, uint8[] 200
#   mcap-ros2-support: byte 200, byte[] 200, char -56, char[] -56, uint8 200, uint8[] 200
#   std_msgs/ByteMultiArray of bytes 0 127 128 255 by rosbags: 0 127 -128 -1
#   writing byte 200 by rosbags: error; writing char 200 by mcap-ros2-support: error
#
# Why one would guess otherwise: the .msg to IDL mapping of ROS 2 has byte as octet and char as uint8, and
# rclpy gives bytes for the one and 0 to 255 for the other; one definition is in the file for all
# readers. Packets of sensors are arrays of such types. (In ROS 1, byte was int8.)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q rosbags==0.11.9 mcap-ros2-support==0.6.0 mcap==1.6.0 numpy==2.4.6

cat > look.py <<'PYTHON'
import struct

import numpy as np
from mcap_ros2._dynamic import generate_dynamic, serialize_dynamic
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

NAME, KINDS = 'example_msgs/msg/Packet', ('byte', 'char', 'uint8')
TEXT = ''.join(f'{kind} one_{kind}\n{kind}[] many_{kind}\n' for kind in KINDS)
store = get_typestore(Stores.ROS2_JAZZY)
store.register(get_types_from_msg(TEXT, NAME))


def cdr(value):
    """CDR, little-endian: three times a byte, and a sequence of one byte."""
    data = b''
    for _ in KINDS:
        data += bytes([value])
        data += bytes(-len(data) % 4) + struct.pack('<IB', 1, value)
    return b'\0\1\0\0' + data


def show(tool, message):
    parts = []
    for kind in KINDS:
        parts.append(f'{kind} {int(getattr(message, f"one_{kind}"))}')
        many = getattr(message, f'many_{kind}')
        parts.append(f'{kind}[] {int(many[0])}')
    print(f'{tool}: {", ".join(parts)}')


def outcome(write):
    try:
        write()
    except Exception:
        return 'error'
    return 'written'


show('rosbags', store.deserialize_cdr(cdr(200), NAME))
show('mcap-ros2-support', generate_dynamic(NAME, TEXT)[NAME](cdr(200)))

ARRAY = 'std_msgs/msg/ByteMultiArray'
data = b'\0\1\0\0' + struct.pack('<III', 0, 0, 4) + bytes([0, 127, 128, 255])
found = ' '.join(str(value) for value in store.deserialize_cdr(data, ARRAY).data)
print(f'std_msgs/ByteMultiArray of bytes 0 127 128 255 by rosbags: {found}')

values = {}
for kind, dtype in (('byte', np.int8), ('char', np.uint8), ('uint8', np.uint8)):
    values |= {f'one_{kind}': 1, f'many_{kind}': np.ones(1, dtype)}
message = store.types[NAME](**values | {'one_byte': 200})
by_rosbags = outcome(lambda: store.serialize_cdr(message, NAME))
lists = {name: [1] if 'many' in name else 1 for name in values} | {'one_char': 200}
by_mcap = outcome(lambda: serialize_dynamic(NAME, TEXT)[NAME](lists))
print(
    f'writing byte 200 by rosbags: {by_rosbags}; '
    f'writing char 200 by mcap-ros2-support: {by_mcap}'
)
PYTHON

cat > expected <<'TEXT'
rosbags: byte -56, byte[] -56, char 200, char[] 200, uint8 200, uint8[] 200
mcap-ros2-support: byte 200, byte[] 200, char -56, char[] -56, uint8 200, uint8[] 200
std_msgs/ByteMultiArray of bytes 0 127 128 255 by rosbags: 0 127 -128 -1
writing byte 200 by rosbags: error; writing char 200 by mcap-ros2-support: error
TEXT
env/bin/python look.py | tee found
diff expected found
