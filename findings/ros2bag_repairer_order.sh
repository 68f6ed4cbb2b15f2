#!/usr/bin/env bash
# ros2bag-repairer 0.1.0 (PyPI; rosbags 0.11.9): repaired bags are read out of order, or not at all.
#
# Behaviour: ros2bag-repair lists the files of a split bag in metadata.yaml in the order of their names
# as text: drive_10.db3 comes before drive_2.db3. Readers take the files in the order of the list. Of a
# bag whose messages are compressed one by one, it writes that nothing is compressed; the messages, zstd
# frames, are then taken for CDR.
#
# Output seen (12 files of 10 s; seconds at which the messages are, read by rosbags):
#   before: 0 10 20 30 40 50 60 70 80 90 100 110
#   repaired: 0 10 100 110 20 30 40 50 60 70 80 90, the duration is 110 s
#   compressed messages, before: 0 1 2; repaired: SerdeError
#
# Why one would guess otherwise: the metadata is said to be "fully derivable from the database", the
# start of each file is looked up for the same metadata and written beside its name, and recorders
# number files without zeros. Counts, times and duration are right, so "ros2 bag info" is too. A player
# goes back by 90 s after the fourth file, or forward; an odometry or a map built from it is wrong.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q ros2bag-repairer==0.1.0 rosbags==0.11.9

cat > look.py <<'PYTHON'
import shutil
from pathlib import Path

import yaml
from ros2bag_repairer import repair
from rosbags.rosbag2 import CompressionFormat, CompressionMode, Reader, Writer
from rosbags.typesys import Stores, get_typestore

START, SECOND, NAME = 1_700_000_000_000_000_000, 1_000_000_000, 'std_msgs/msg/UInt32'
store = get_typestore(Stores.ROS2_HUMBLE)


def record(path, seconds, compression=None):
    writer = Writer(path, version=8)
    if compression:
        writer.set_compression(compression, CompressionFormat.ZSTD)
    with writer:
        connection = writer.add_connection('/odom', NAME, typestore=store)
        for second in seconds:
            data = store.serialize_cdr(store.types[NAME](data=second), NAME)
            writer.write(connection, START + second * SECOND, data)


def seconds(path):
    with Reader(path) as reader:
        messages = list(reader.messages())
        try:
            found = [store.deserialize_cdr(data, NAME).data for _, _, data in messages]
        except Exception as error:
            return type(error).__name__
        assert found == [(time - START) // SECOND for _, time, _ in messages]
        return ' '.join(str(second) for second in found)


def split(path, parts):
    """A bag of several files, with the metadata that the recorder writes."""
    folder = Path(path)
    folder.mkdir()
    paths, files = [], []
    for part in range(parts):
        record('part', [10 * part])
        metadata = yaml.safe_load(Path('part/metadata.yaml').read_text())
        information = metadata['rosbag2_bagfile_information']
        paths.append(f'{path}_{part}.db3')
        shutil.move('part/part.db3', folder / paths[-1])
        files.append(information['files'][0] | {'path': paths[-1]})
        shutil.rmtree('part')
    information['relative_file_paths'], information['files'] = paths, files
    information['starting_time'] = {'nanoseconds_since_epoch': START}
    information['duration'] = {'nanoseconds': 10 * (parts - 1) * SECOND}
    information['message_count'] = parts
    information['topics_with_message_count'][0]['message_count'] = parts
    (folder / 'metadata.yaml').write_text(yaml.safe_dump(metadata, sort_keys=False))


split('drive', 12)
print('before:', seconds('drive'))
Path('drive/metadata.yaml').unlink()
repair('drive')
metadata = yaml.safe_load(Path('drive/metadata.yaml').read_text())
duration = metadata['rosbag2_bagfile_information']['duration']['nanoseconds'] // SECOND
print(f'repaired: {seconds("drive")}, the duration is {duration} s')

record('small', [0, 1, 2], CompressionMode.MESSAGE)
before = seconds('small')
Path('small/metadata.yaml').unlink()
repair('small')
print(f'compressed messages, before: {before}; repaired: {seconds("small")}')
PYTHON

cat > expected <<'TEXT'
before: 0 10 20 30 40 50 60 70 80 90 100 110
repaired: 0 10 100 110 20 30 40 50 60 70 80 90, the duration is 110 s
compressed messages, before: 0 1 2; repaired: SerdeError
TEXT
env/bin/python look.py | tee found
diff expected found
