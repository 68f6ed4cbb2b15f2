#!/usr/bin/env bash
# tonic 1.7.0 and evio 0.1.0 (PyPI; NumPy 2.4.6): tonic's RefractoryPeriod silences active pixels.
#
# Behaviour: RefractoryPeriod compares the time of an event with that of the event before at this pixel,
# kept or not. A pixel whose events are never further apart than the period is heard once and never
# again. evio.refractory of the same period keeps an event whenever the period has passed since the
# last one that it kept. The first event of a pixel is dropped too where its time is 0.
#
# Output seen (10 s of one pixel, period of 10 ms; events kept):
#   an event each 20 ms: tonic 500, evio 500 of 500
#   an event each 10 ms: tonic 1, evio 1000 of 1000
#   an event each 1 ms: tonic 1, evio 1000 of 10000
#   an event each 20 ms, the first at 0: tonic 499 of 500
#
# Why one would guess otherwise: a refractory period is the time after a spike in which a cell or pixel
# does not answer; what it did not answer does not prolong it. That is so of neurons and pixels, and
# the events are said to be "ignored". So the period bounds the rate, to 100 a second here; in tonic the
# busiest pixels, on the strongest edges, vanish, and those that fire at random pass.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q evio==0.1.0 numpy==2.4.6 scipy==1.17.1 h5py==3.16.0 importrosbag==1.0.4 requests \
  tqdm typing_extensions
# Without the rest of its dependencies, of which librosa is large. Those above it imports.
env/bin/pip install -q --no-deps tonic==1.7.0

cat > look.py <<'PYTHON'
import evio
import numpy as np
from tonic.transforms import RefractoryPeriod

PERIOD = 10_000


def pixel(step, start=5):
    events = np.zeros(10_000_000 // step, evio.EVENT_DTYPE)
    events['t'], events['x'], events['y'] = start + step * np.arange(len(events)), 3, 2
    return events


for milliseconds in (20, 10, 1):
    events = pixel(1000 * milliseconds)
    tonic = len(RefractoryPeriod(delta=PERIOD)(events.copy()))
    other = len(evio.refractory(events, PERIOD))
    print(f'an event each {milliseconds} ms: tonic {tonic}, evio {other} of {len(events)}')
events = pixel(20_000, start=0)
tonic = len(RefractoryPeriod(delta=PERIOD)(events.copy()))
print(f'an event each 20 ms, the first at 0: tonic {tonic} of {len(events)}')
PYTHON

cat > expected <<'TEXT'
an event each 20 ms: tonic 500, evio 500 of 500
an event each 10 ms: tonic 1, evio 1000 of 1000
an event each 1 ms: tonic 1, evio 1000 of 10000
an event each 20 ms, the first at 0: tonic 499 of 500
TEXT
env/bin/python look.py | tee found
diff expected found
