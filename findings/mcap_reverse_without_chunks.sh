#!/usr/bin/env bash
# mcap 1.6.0 (PyPI): reverse=True gives the oldest message first where a file has no index of chunks.
#
# Behaviour: iter_messages(reverse=True) of the reader that make_reader() gives for a file yields
# messages by descending time where the summary has an index of chunks. Where it has none, as in files
# without chunks (preset "fastwrite" of rosbag2) or without summary, it goes on with the reader for
# streams and does not pass reverse on: messages come by ascending time, without a word. The reader for
# streams, asked itself, obeys.
#
# Output seen (messages at 100, 101, 102, 103):
#   chunks: reverse 103 102 101 100, the newest is 103
#   no chunks: reverse 100 101 102 103, the newest is 100
#   no chunks, reader for streams: reverse 103 102 101 100
#   no index of chunks: reverse 100 101 102 103, the newest is 100
#
# Why one would guess otherwise: the documentation of the argument has no exception, all of these are
# valid files, and topics, start_time and end_time are obeyed in them. Asking for the first of the
# reversed messages is the way to the last pose of a recording, or to its end.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q mcap==1.6.0

cat > look.py <<'PYTHON'
import io

from mcap.reader import NonSeekingReader, make_reader
from mcap.writer import IndexType, Writer


def recording(**options):
    file = io.BytesIO()
    writer = Writer(file, **options)
    writer.start()
    schema = writer.register_schema('Pose', 'jsonschema', b'{}')
    channel = writer.register_channel('/pose', 'json', schema)
    for time in range(100, 104):
        writer.add_message(channel, log_time=time, data=b'{}', publish_time=time)
    writer.finish()
    file.seek(0)
    return file


def times(reader):
    return [message.log_time for _, _, message in reader.iter_messages(reverse=True)]


for name, options in (
    ('chunks', {}),
    ('no chunks', {'use_chunking': False}),
    ('no index of chunks', {'index_types': IndexType.NONE}),
):
    found = times(make_reader(recording(**options)))
    print(f'{name}: reverse {" ".join(map(str, found))}, the newest is {found[0]}')
    if name == 'no chunks':
        found = times(NonSeekingReader(recording(**options)))
        print(f'{name}, reader for streams: reverse {" ".join(map(str, found))}')
PYTHON

cat > expected <<'TEXT'
chunks: reverse 103 102 101 100, the newest is 103
no chunks: reverse 100 101 102 103, the newest is 100
no chunks, reader for streams: reverse 103 102 101 100
no index of chunks: reverse 100 101 102 103, the newest is 100
TEXT
env/bin/python look.py | tee found
diff expected found
