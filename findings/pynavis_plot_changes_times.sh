#!/usr/bin/env bash
# pyNAVIS 1.2.5 (PyPI; NumPy 2.4.6, Matplotlib 3.11.2): to plot a recording changes its times, each time again.
#
# Behaviour: sonogram() multiplies the timestamps of the recording that it is given by ts_tick, in place, if
# the first one is not 0; with reset_timestamp=False it never becomes 0. So the recording is shorter after each
# plot. First and last time, by which the plot is cut, are multiplied twice: with ticks of 0.2 us, it shows a
# fifth of the time, and not where the spikes are. A spike at the limit of two bins is counted in both.
#
# Output seen (101 spikes, one every 50 ticks; of 0.2 us they last 1000 us, which are 10 bins of 100 us):
#   recorded: ticks 1000 to 6000
#   sonogram 1: 2 bins, 5 spikes in them; then times are 200 to 1200
#   sonogram 2: 1 bins, 35 spikes in them; then times are 40 to 240
#   ticks of 1 us, from 0 on: 50 bins, 150 spikes in them
#
# Why one would guess otherwise: a plot reads. Both settings are documented, 0.2 for a recorder by name, and
# leaving times as they are is one of two values of reset_timestamp. The default, with ticks of 1, changes
# times once and to what they mostly are, so that plots look right. A matrix of counts (return_data=True) is
# what classifiers are trained on, and its sum is not looked at. Nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q pyNAVIS==1.2.5 numpy==2.4.6 scipy==1.17.1 matplotlib==3.11.2

cat > look.py <<'PYTHON'
import numpy as np
from pyNAVIS import Loaders, MainSettings, Plots


def load(first, settings):
    events = np.zeros(101, [('address', '>u2'), ('time', '>u4')])
    events['address'] = np.arange(101) % 4
    events['time'] = first + 50 * np.arange(101)
    events.tofile('spikes.aedat')
    return Loaders.loadAEDAT('spikes.aedat', settings)


def show(what, recording, settings):
    found = Plots.sonogram(recording, settings, return_data=True)
    print(f'{what}: {found.shape[1]} bins, {found.sum():.0f} spikes in them', end='')


def settings(tick, reset):
    return MainSettings(
        num_channels=2, ts_tick=tick, bin_size=100, reset_timestamp=reset, verbose=False
    )


kept = settings(0.2, False)
recording = load(1000, kept)
print('recorded: ticks', recording.timestamps[0], 'to', recording.timestamps[-1])
for number in (1, 2):
    show(f'sonogram {number}', recording, kept)
    print('; then times are', recording.timestamps[0], 'to', recording.timestamps[-1])
whole = settings(1, True)
show('ticks of 1 us, from 0 on', load(0, whole), whole)
print()
PYTHON

cat > expected <<'TEXT'
recorded: ticks 1000 to 6000
sonogram 1: 2 bins, 5 spikes in them; then times are 200 to 1200
sonogram 2: 1 bins, 35 spikes in them; then times are 40 to 240
ticks of 1 us, from 0 on: 50 bins, 150 spikes in them
TEXT
MPLBACKEND=agg env/bin/python look.py | tee found
diff expected found
