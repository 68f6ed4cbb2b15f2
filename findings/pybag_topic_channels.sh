#!/usr/bin/env bash
# pybag-sdk 0.13.0 (PyPI; mcap 1.6.0): of a topic with several channels, one channel is read.
#
# Behaviour: McapFileReader.messages() and get_message_count() look a topic's channel up by its name and
# stop at one. Messages of the topic's other channels are neither given nor counted, with and without
# chunks. get_topics() names the topic once for each channel. "pybag filter", which goes by channels,
# copies all of them into a file of which messages() again gives a part.
#
# Output seen (10 messages on /gps/fix, by two publishers, a channel for each):
#   mcap: 10 messages: 0 1 2 3 4 5 6 7 8 9
#   pybag: topics /gps/fix /gps/fix, 7 messages by count, 0 1 2 3 4 5 6 read
#   pybag filter, then mcap: 10 messages
#   pybag filter, then pybag: 7 messages
#
# Why one would guess otherwise: in MCAP messages belong to channels, a topic is a label of a channel, and
# several channels may have the same one: a converted ROS 1 bag has one for each publisher, and writers
# register one for each set of metadata. The interface asks for a topic. Nothing is said; a receiver that
# was restarted, or a second publisher of /tf, is missing from there on.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q pybag-sdk==0.13.0 mcap==1.6.0

cat > look.py <<'PYTHON'
import logging
import struct

from mcap.reader import make_reader
from mcap.writer import Writer
from pybag.cli.filter import filter_mcap
from pybag.mcap_reader import McapFileReader

logging.disable(logging.WARNING)


def record():
    with open('drive.mcap', 'wb') as file:
        writer = Writer(file)
        writer.start(profile='ros2')
        schema = writer.register_schema('std_msgs/msg/UInt32', 'ros2msg', b'uint32 data\n')
        publishers = [
            writer.register_channel('/gps/fix', 'cdr', schema, {'publisher': name})
            for name in ('receiver', 'receiver, restarted')
        ]
        for number in range(10):
            data = b'\0\1\0\0' + struct.pack('<I', number)
            writer.add_message(publishers[number > 6], 100 + number, data, 100 + number)
        writer.finish()


def by_mcap(path):
    with open(path, 'rb') as file:
        return [
            struct.unpack_from('<I', message.data, 4)[0]
            for _, _, message in make_reader(file).iter_messages(topics=['/gps/fix'])
        ]


def by_pybag(path):
    with McapFileReader.from_file(path) as reader:
        found = [message.data.data for message in reader.messages('/gps/fix')]
        return reader.get_topics(), reader.get_message_count('/gps/fix'), found


record()
found = by_mcap('drive.mcap')
print(f'mcap: {len(found)} messages:', *found)
topics, count, found = by_pybag('drive.mcap')
print('pybag: topics', *topics, end='')
print(f', {count} messages by count,', *found, 'read')
filter_mcap('drive.mcap', 'filtered.mcap', include_topics=['/gps/fix'])
print(f'pybag filter, then mcap: {len(by_mcap("filtered.mcap"))} messages')
print(f'pybag filter, then pybag: {len(by_pybag("filtered.mcap")[2])} messages')
PYTHON

cat > expected <<'TEXT'
mcap: 10 messages: 0 1 2 3 4 5 6 7 8 9
pybag: topics /gps/fix /gps/fix, 7 messages by count, 0 1 2 3 4 5 6 read
pybag filter, then mcap: 10 messages
pybag filter, then pybag: 7 messages
TEXT
env/bin/python look.py | tee found
diff expected found
