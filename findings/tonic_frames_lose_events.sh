#!/usr/bin/env bash
# tonic 1.7.0 (PyPI; NumPy 2.4.6): ToFrame(n_time_bins=n) leaves out the end of a recording.
#
# Behaviour: the length of a bin is the duration divided by n_time_bins and rounded down to a whole
# number, in the unit of the times. What comes after n such bins is in no frame. In microseconds that
# is next to nothing. In coarser units up to half is lost, and of times in seconds as float, as text
# files of events have them, everything where there are more bins than seconds. Counts are int16
# besides: 40,000 events of a pixel are -25,536.
#
# Output seen (1000 events, evenly spread over 10 s; events in frames):
#   us, 60 bins: 999 of 1000
#   ms, 60 bins: 996 of 1000
#   1/100 s, 600 bins: 600 of 1000, none after 6.0 s
#   s as float, 4 bins: 800 of 1000, none after 8.0 s
#   s as float, 60 bins: 0 of 1000
#   40,000 ON events of one pixel in one frame: -25536
#
# Why one would guess otherwise: the frames are "sliced along time axis", and times may have any unit
# in the rest of this class, so the bins ought to cover the recording, less its last event at most.
# Nothing is said, there are as many frames as asked for, and the first of them look right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q numpy==2.4.6 scipy==1.17.1 h5py==3.16.0 importrosbag==1.0.4 requests \
  tqdm typing_extensions
# Without the rest of its dependencies, of which librosa is large. Those above it imports.
env/bin/pip install -q --no-deps tonic==1.7.0

cat > look.py <<'PYTHON'
import numpy as np
from tonic.transforms import ToFrame

SIZE = (8, 4, 2)
seconds = np.arange(1000) / 100


def events(times):
    found = np.zeros(len(times), [('x', 'i2'), ('y', 'i2'), ('t', times.dtype), ('p', 'i1')])
    found['t'], found['x'] = times, np.arange(len(times)) % 8
    return found


def whole(unit):
    return np.rint(seconds * unit).astype(np.int64)


for name, times, bins in (
    ('us', whole(1_000_000), 60),
    ('ms', whole(1000), 60),
    ('1/100 s', whole(100), 600),
    ('s as float', seconds, 4),
    ('s as float', seconds, 60),
):
    count = int(ToFrame(SIZE, n_time_bins=bins)(events(times)).sum())
    # Events are spread evenly, so their number says where the last of them is.
    end = f', none after {count / 100:.1f} s' if 0 < count < 900 else ''
    print(f'{name}, {bins} bins: {count} of {len(times)}{end}')

many = events(np.arange(40_000))
many['x'], many['p'] = 0, 1
found = ToFrame(SIZE, n_event_bins=1)(many)
print(f'40,000 ON events of one pixel in one frame: {found[0, 1, 0, 0]}')
PYTHON

cat > expected <<'TEXT'
us, 60 bins: 999 of 1000
ms, 60 bins: 996 of 1000
1/100 s, 600 bins: 600 of 1000, none after 6.0 s
s as float, 4 bins: 800 of 1000, none after 8.0 s
s as float, 60 bins: 0 of 1000
40,000 ON events of one pixel in one frame: -25536
TEXT
env/bin/python look.py | tee found
diff expected found
