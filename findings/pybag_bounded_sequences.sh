#!/usr/bin/env bash
# pybag-sdk 0.13.0 (PyPI; rosbags 0.11.9, mcap 1.6.0): bounded sequences are taken for arrays of fixed size.
#
# Behaviour: a field T[<=N] is read and written as T[N]. In CDR a bounded sequence begins with its
# length, as one without a bound does; pybag reads the length as elements, always N of them, and goes
# on from the wrong place. What it writes has no length, under a schema that says T[<=N]. There is an
# error only where bytes run out.
#
# Output seen (fields: float32[<=3] size, uint8[<=8] code, float64 cost):
#   2 sizes, 4 codes, written by rosbags, 36 bytes
#   read by rosbags: size 1.5 0.5, code 7 8 9 10, cost 0.25
#   read by pybag: size 2.802596928649634e-45 1.5 0.5, code 4 0 0 0 7 8 9 10, cost 0.25
#   3 sizes, 8 codes, written by pybag, 36 bytes, by rosbags 44
#   read by pybag: size 1.5 0.5 2.0, code 7 8 9 10 11 12 13 14, cost 0.25
#   read by rosbags: SerdeError
#
# Why one would guess otherwise: the schema is parsed with its bound, "is_bounded", T[] and T[N] are
# right, and so is a file of pybag's that pybag reads, where the sequence is full. Numbers near zero, as
# above, look like an empty measurement. shape_msgs/SolidPrimitive has such a field: the radius of a sphere.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q pybag-sdk==0.13.0 rosbags==0.11.9 mcap==1.6.0 numpy==2.4.6

cat > look.py <<'PYTHON'
import logging
from types import SimpleNamespace

import numpy as np
from mcap.reader import make_reader
from mcap.writer import Writer
from pybag.mcap_reader import McapFileReader
from pybag.mcap_writer import McapFileWriter
from pybag.types import SchemaText
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

NAME = 'example_msgs/msg/Box'
TEXT = 'float32[<=3] size\nuint8[<=8] code\nfloat64 cost\n'
COST = 0.25
logging.disable(logging.WARNING)
store = get_typestore(Stores.ROS2_JAZZY)
store.register(get_types_from_msg(TEXT, NAME))


def show(message):
    size = ' '.join(str(float(number)) for number in message.size)
    code = ' '.join(str(int(number)) for number in message.code)
    return f'size {size}, code {code}, cost {message.cost}'


def by_rosbags(size, code):
    box = store.types[NAME](np.array(size, np.float32), np.array(code, np.uint8), COST)
    return bytes(store.serialize_cdr(box, NAME))


def read_by_pybag(path):
    with McapFileReader.from_file(path) as reader:
        print('read by pybag:', show(next(iter(reader.messages('/box'))).data))


def read_by_rosbags(data):
    try:
        found = show(store.deserialize_cdr(data, NAME))
    except Exception as error:
        found = type(error).__name__
    print('read by rosbags:', found)


data = by_rosbags([1.5, 0.5], [7, 8, 9, 10])
with open('rosbags.mcap', 'wb') as file:
    writer = Writer(file)
    writer.start(profile='ros2')
    schema = writer.register_schema(NAME, 'ros2msg', TEXT.encode())
    writer.add_message(writer.register_channel('/box', 'cdr', schema), 1, data, 1)
    writer.finish()
print(f'2 sizes, 4 codes, written by rosbags, {len(data)} bytes')
read_by_rosbags(data)
read_by_pybag('rosbags.mcap')

size, code = [1.5, 0.5, 2.0], list(range(7, 15))
with McapFileWriter.open('pybag.mcap') as writer:
    writer.add_channel('/box', schema=SchemaText(name=NAME, text=TEXT))
    writer.write_message('/box', 1, SimpleNamespace(size=size, code=code, cost=COST))
with open('pybag.mcap', 'rb') as file:
    schema, _, message = next(iter(make_reader(file).iter_messages()))
assert schema.data.decode() == TEXT, 'the schema has changed'
print(
    f'3 sizes, 8 codes, written by pybag, {len(message.data)} bytes, '
    f'by rosbags {len(by_rosbags(size, code))}'
)
read_by_pybag('pybag.mcap')
read_by_rosbags(message.data)
PYTHON

cat > expected <<'TEXT'
2 sizes, 4 codes, written by rosbags, 36 bytes
read by rosbags: size 1.5 0.5, code 7 8 9 10, cost 0.25
read by pybag: size 2.802596928649634e-45 1.5 0.5, code 4 0 0 0 7 8 9 10, cost 0.25
3 sizes, 8 codes, written by pybag, 36 bytes, by rosbags 44
read by pybag: size 1.5 0.5 2.0, code 7 8 9 10 11 12 13 14, cost 0.25
read by rosbags: SerdeError
TEXT
env/bin/python look.py | tee found
diff expected found
