#!/usr/bin/env bash
# tonic 1.7.0 (PyPI; NumPy 2.4.6): ToVoxelGrid counts OFF events as ON where polarity is a bool.
#
# Behaviour: polarity is made +1 and -1 by assigning -1 where it is 0, in the dtype of the events. For
# bool, -1 is True: all events count as ON, and brightening and darkening look the same. bool is the
# dtype of tonic.io.events_struct, and of tonic's DSEC, DVSGesture and CIFAR10-DVS. With int8 polarity
# the same events have their signs. For either, half of what is in the last bin is lost, a tenth of the
# events with 5 bins, since times are scaled to the number of bins and not to one less.
#
# Output seen (1000 events, 500 ON and 500 OFF in turn, the sum of the grid over all voxels):
#   bool: sum 899.6
#   int8: sum 0.5
#   bool, only the 500 OFF events: sum 449.6
#   int8, only the 500 OFF events: sum -449.6
#
# Why one would guess otherwise: the class implements "the event volume from Zhu et al. 2019", whose
# sum is that of the signs, 0 here and -500 for the OFF events alone; polarity as bool is tonic's own
# choice; and nothing is said. A grid of counts looks like a grid, and can be trained on.
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
from tonic.io import events_struct
from tonic.transforms import ToVoxelGrid

grid = ToVoxelGrid(sensor_size=(8, 4, 2), n_time_bins=5)
events = np.zeros(1000, events_struct)
number = np.arange(1000)
events['t'], events['x'], events['y'], events['p'] = 1000 * number, number % 8, 1, number % 2 == 0
assert events.dtype['p'] == bool, 'the dtype of tonic has changed'
whole = np.dtype(events.dtype.descr[:-1] + [('p', 'i1')])
for which, part in (('', events), (', only the 500 OFF events', events[~events['p']])):
    print(f'bool{which}: sum {grid(part).sum():.1f}')
    print(f'int8{which}: sum {grid(part.astype(whole)).sum():.1f}')
PYTHON

cat > expected <<'TEXT'
bool: sum 899.6
int8: sum 0.5
bool, only the 500 OFF events: sum 449.6
int8, only the 500 OFF events: sum -449.6
TEXT
env/bin/python look.py | tee found
diff expected found
