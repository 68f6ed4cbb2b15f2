#!/usr/bin/env bash
# evutils 0.3.18, faery 0.7.1 and evt3 0.4.1 (PyPI; NumPy 2.4.6): a pause of 20 s in EVT 3.0 has four lengths.
#
# Behaviour: times of EVT 3.0 have 24 bits and begin again every 16.8 s. What writer and reader do about a
# pause that is longer differs. evutils writes the next time as it is, cut to 24 bits, and the pause is
# shorter by 16.8 s for good. faery fills the pause with an EVT_TIME_HIGH every quarter of the 16.8 s, from
# which evutils gets the times back; evt3 sees no new beginning there, and faery itself, reading its own
# file, one that is 9.4 s from the last.
#
# Output seen (3 events, at 0, 1 and 21 s; pause before the last one, in s):
#   written by evutils, read by evutils 3.223, faery 3.223, evt3 3.223
#   written by faery, read by evutils 20.000, faery 12.586, evt3 3.223
#   written by faery as EVT 2.0, read by faery 20.000, evutils 20.000
#
# Why one would guess otherwise: times are int64 of us in all three, counts and pixels are right, nothing is
# said, times never run backwards, and pauses are common where a recording has been cut or filtered: a
# robot that stands, a sensor behind a trigger. A file that its own writer reads otherwise than it was
# written is not looked for in the format.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q evutils==0.3.18 faery==0.7.1 evt3==0.4.1 numpy==2.4.6

cat > look.py <<'PYTHON'
import evt3
import faery
import numpy as np
from evutils.io import EventReader, EventWriter
from evutils.types import EventArray

TIMES, SIZE = np.array([0, 1_000_000, 21_000_000]), (1280, 720)


def write_evutils(path):
    x, y, p = np.array([1, 2, 3], np.uint16), np.full(3, 5, np.uint16), np.ones(3, np.uint8)
    with EventWriter(path, width=SIZE[0], height=SIZE[1]) as writer:
        writer.write(EventArray(t=TIMES, x=x, y=y, p=p))


def write_faery(path, version):
    events = np.zeros(3, faery.EVENTS_DTYPE)
    events['t'], events['x'], events['y'], events['on'] = TIMES, [1, 2, 3], 5, True
    faery.events_stream_from_array(events, SIZE).to_file(path, version=version)


def by_evutils(path):
    with EventReader(path) as reader:
        return np.array(reader.read_all()['t'])


def by_faery(path):
    return faery.events_stream_from_file(path).to_array()['t']


def by_evt3(path):
    return evt3.decode_file(path).timestamp


READERS = {'evutils': by_evutils, 'faery': by_faery, 'evt3': by_evt3}


def show(what, path, readers):
    found = []
    for name in readers:
        times = np.asarray(READERS[name](path)).astype(np.int64)
        assert times[:2].tolist() == [0, 1_000_000], f'{name}: {times}'
        found.append(f'{name} {(times[2] - times[1]) / 1e6:.3f}')
    print(f'written by {what}, read by {", ".join(found)}')


write_evutils('evutils.raw')
show('evutils', 'evutils.raw', READERS)
write_faery('faery.raw', 'evt3')
show('faery', 'faery.raw', READERS)
write_faery('faery2.raw', 'evt2')
show('faery as EVT 2.0', 'faery2.raw', ('faery', 'evutils'))
PYTHON

cat > expected <<'TEXT'
written by evutils, read by evutils 3.223, faery 3.223, evt3 3.223
written by faery, read by evutils 20.000, faery 12.586, evt3 3.223
written by faery as EVT 2.0, read by faery 20.000, evutils 20.000
TEXT
env/bin/python look.py | tee found
diff expected found
