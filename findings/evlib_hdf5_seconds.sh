#!/usr/bin/env bash
# evlib 0.13.2 (PyPI; NumPy 2.4.6): events that it saves in HDF5 come back without their times.
#
# Behaviour: save_events_to_hdf5() and save_events_to_text() take times in seconds, as float, and write
# them as they are. load_events() takes times in a text file for seconds, those in HDF5 for
# microseconds, whatever their dtype, and cuts them to whole ones: half a second of events is at 0 us,
# a minute is 60 us long. OFF is 0 from text and -1 from HDF5.
#
# Output seen (5 events, times given in seconds, read in us):
#   0.1 0.2 0.3 0.4 0.5: text 100000 200000 300000 400000 500000, HDF5 0 0 0 0 0
#   0.25 12.5 30.5 45.0 59.75: text 250000 12500000 30500000 45000000 59750000, HDF5 0 12 30 45 59
#   polarity 0 1 0 1 0: text 0 1 0 1 0, HDF5 -1 1 -1 1 -1
#   events from 12 s to 31 s: text 2, HDF5 0
#   OFF events by filter_by_polarity(events, 0): text 3, HDF5 0
#
# Why one would guess otherwise: the two functions have the same arguments and one reader, that picks
# the format by itself, and promises "t is a Duration type in microseconds" and "polarity is already
# converted to -1/1". The file has float64 times with all their digits. Nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q evlib==0.13.2 numpy==2.4.6

cat > look.py <<'PYTHON'
import evlib
import numpy as np
from evlib.filtering import filter_by_polarity

number = np.arange(5)
SAVE = {'text': (evlib.save_events_to_text, 'events.txt')}
SAVE['HDF5'] = (evlib.save_events_to_hdf5, 'events.h5')


def load(seconds):
    for name, (save, path) in SAVE.items():
        save(10 + number, 20 + number, np.array(seconds), number % 2, path)
        yield name, path, evlib.load_events(path).collect()


def show(what, values):
    kinds = ', '.join(f'{name} {value}' for name, value in values.items())
    print(f'{what}: {kinds}')


def joined(values):
    return ' '.join(str(value) for value in values)


LONG = [0.25, 12.5, 30.5, 45.0, 59.75]
for seconds in ([0.1, 0.2, 0.3, 0.4, 0.5], LONG):
    found = {
        name: joined(events['t'].dt.total_microseconds()) for name, _, events in load(seconds)
    }
    show(joined(seconds), found)
polarity, cut, off = {}, {}, {}
for name, path, events in load(LONG):
    polarity[name] = joined(events['polarity'])
    cut[name] = evlib.load_events(path, t_start=12, t_end=31).collect().height
    off[name] = filter_by_polarity(evlib.load_events(path), 0).collect().height
show(f'polarity {joined(number % 2)}', polarity)
show('events from 12 s to 31 s', cut)
show('OFF events by filter_by_polarity(events, 0)', off)
PYTHON

cat > expected <<'TEXT'
0.1 0.2 0.3 0.4 0.5: text 100000 200000 300000 400000 500000, HDF5 0 0 0 0 0
0.25 12.5 30.5 45.0 59.75: text 250000 12500000 30500000 45000000 59750000, HDF5 0 12 30 45 59
polarity 0 1 0 1 0: text 0 1 0 1 0, HDF5 -1 1 -1 1 -1
events from 12 s to 31 s: text 2, HDF5 0
OFF events by filter_by_polarity(events, 0): text 3, HDF5 0
TEXT
env/bin/python look.py 2> messages | tee found
diff expected found
