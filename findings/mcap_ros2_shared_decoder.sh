#!/usr/bin/env bash
# mcap-ros2-support 0.6.0 (PyPI; mcap 1.6.0): one DecoderFactory for two files decodes by the first.
#
# Behaviour: mcap_ros2.decoder.DecoderFactory keeps its decoders by the id of the schema. An id is
# unique within a file only, and writers number from 1, so a factory that is given to the readers of
# several files decodes messages of the second with the definitions of the first, in which the id was
# another type: a quaternion as a point, a twist as two positions. There is an error only where
# bytes run out or a string's length is absurd.
#
# Output seen (both files have one schema of two float64):
#   first file, shared factory: example/msg/Fix decoded as Fix latitude=-27.5 longitude=153.0
#   second file, shared factory: example/msg/Motion decoded as Fix latitude=2.5 longitude=0.125
#   second file, factory of its own: example/msg/Motion decoded as Motion speed=2.5 yaw_rate=0.125
#
# Why one would guess otherwise: a factory sounds like something without memory of a file, make_reader
# takes a list of them, recordings are split into many files, and the schema with its name and text is
# passed in with every request, so that the cache could notice.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q mcap-ros2-support==0.6.0 mcap==1.6.0

cat > look.py <<'PYTHON'
import io

from mcap.reader import make_reader
from mcap_ros2.decoder import DecoderFactory
from mcap_ros2.writer import Writer


def recording(name, fields):
    file = io.BytesIO()
    writer = Writer(file)
    schema = writer.register_msgdef(name, ''.join(f'float64 {field}\n' for field in fields))
    writer.write_message('/topic', schema, fields, log_time=1, publish_time=1)
    writer.finish()
    return file


def show(label, file, factory):
    file.seek(0)
    reader = make_reader(file, decoder_factories=[factory])
    for schema, _, _, message in reader.iter_decoded_messages():
        kind = type(message).__name__
        values = ' '.join(f'{field}={getattr(message, field)}' for field in message.__slots__)
        print(f'{label}: {schema.name} decoded as {kind} {values}')


first = recording('example/msg/Fix', {'latitude': -27.5, 'longitude': 153.0})
second = recording('example/msg/Motion', {'speed': 2.5, 'yaw_rate': 0.125})
shared = DecoderFactory()
show('first file, shared factory', first, shared)
show('second file, shared factory', second, shared)
show('second file, factory of its own', second, DecoderFactory())
PYTHON

cat > expected <<'TEXT'
first file, shared factory: example/msg/Fix decoded as Fix latitude=-27.5 longitude=153.0
second file, shared factory: example/msg/Motion decoded as Fix latitude=2.5 longitude=0.125
second file, factory of its own: example/msg/Motion decoded as Motion speed=2.5 yaw_rate=0.125
TEXT
env/bin/python look.py | tee found
diff expected found
