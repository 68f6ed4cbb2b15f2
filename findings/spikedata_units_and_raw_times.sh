#!/usr/bin/env bash
# spikedata 0.2.2 (PyPI; neo 0.14.6, quantities 0.16.4, NumPy 2.4.6): seconds are ms, raw data lose their times.
#
# Behaviour: from_neo_spiketrains() copies the trains, converts the copies to ms, and takes the numbers of the
# originals: trains in s have rates a thousand times too high. append() moves the spikes of what is appended to
# the end, but not the times of its raw data, which begin at 0 again: a cut of the first half has the raw data
# of both halves, one of the second half none. concatenate_spike_data(), which adds units, adds the raw data and
# their times number by number: samples are sums, and their times are doubled.
#
# Output seen (3 spikes at 100 200 300 ms of 1000; raw data of 10 samples, one each ms, 0 and 100 on):
#   ms: spikes at 100 200 300, rate 3 Hz
#   s: spikes at 0.1 0.2 0.3, rate 3000 Hz
#   appended, cut 0 to 10 ms: spikes at 1 2 9, raw data 0 to 109, 20 samples
#   appended, cut 10 to 20 ms: spikes at 3 4, no raw data
#   units added: spikes at 1 2 9 and 3 4, raw data 100 to 118, at 0 to 18 ms
#
# Why one would guess otherwise: trains of neo have units, and the docstring says that they "can be in any
# units, as they will be converted"; neo's own default of most readers is s. Spikes and their number are right
# after append() and after adding units, and so is the length, and cuts of data which were not appended have
# the raw data of their time. Nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q spikedata==0.2.2 neo==0.14.6 quantities==0.16.4 numpy==2.4.6 scipy==1.17.1

cat > look.py <<'PYTHON'
import neo
import numpy as np
from spikedata import SpikeData


def numbers(values):
    return ' '.join(f'{value:g}' for value in values)


for units, scale in (('ms', 1.0), ('s', 1000.0)):
    train = neo.SpikeTrain(
        np.array([100.0, 200.0, 300.0]) / scale, t_stop=1000 / scale, units=units
    )
    found = SpikeData.from_neo_spiketrains([train], length=train.t_stop.item())
    print(f'{units}: spikes at {numbers(found.train[0])}, rate {found.rates("Hz")[0]:.0f} Hz')


def parts():
    raw = np.arange(10.0)[None]
    return (
        SpikeData([[1, 2, 9]], length=10, raw_data=raw, raw_time=1.0),
        SpikeData([[3, 4]], length=10, raw_data=raw + 100, raw_time=1.0),
    )


first, second = parts()
whole = first.append(second)
for begin in (0, 10):
    cut = whole.subtime(begin, begin + 10)
    raw = cut.raw_data
    text = (
        f'raw data {raw.min():g} to {raw.max():g}, {raw.size} samples'
        if raw.size
        else 'no raw data'
    )
    print(f'appended, cut {begin} to {begin + 10} ms: spikes at {numbers(cut.train[0])}, {text}')

first, second = parts()
first.concatenate_spike_data(second)
raw, times = first.raw_data, first.raw_time
print(
    f'units added: spikes at {" and ".join(map(numbers, first.train))}, '
    f'raw data {raw.min():g} to {raw.max():g}, at {times.min():g} to {times.max():g} ms'
)
PYTHON

cat > expected <<'TEXT'
ms: spikes at 100 200 300, rate 3 Hz
s: spikes at 0.1 0.2 0.3, rate 3000 Hz
appended, cut 0 to 10 ms: spikes at 1 2 9, raw data 0 to 109, 20 samples
appended, cut 10 to 20 ms: spikes at 3 4, no raw data
units added: spikes at 1 2 9 and 3 4, raw data 100 to 118, at 0 to 18 ms
TEXT
env/bin/python look.py | tee found
diff expected found
