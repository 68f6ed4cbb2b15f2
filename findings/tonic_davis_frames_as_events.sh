#!/usr/bin/env bash
# tonic 1.7.0 (PyPI; aerpy 0.4, NumPy 2.4.6): pixels of DAVIS frames are read as events from .aedat.
#
# Behaviour: tonic.io.read_davis_346() takes every record of an AEDAT 2.0 file for an event. Bit 31 of
# the address, which marks samples of frames and of the IMU, and bit 10, which marks external inputs,
# are not looked at. jAER writes frames into the same file; one of a DAVIS346 has two samples for each
# pixel, 179,920 OFF events to tonic, evenly over the whole sensor. aerpy, another reader of the format,
# refuses such records and marks external inputs.
#
# Output seen (1000 events, half of them ON, one frame and 5 external inputs):
#   aerpy: 1000 events, 5 external inputs, 179920 refused as not of the DVS
#   tonic: 180925 events, 500 ON
#   tonic without frame and inputs: 1000 events, 500 ON
#
# Why one would guess otherwise: the function gets "the aer events from DAVIS346", a camera that has
# frames besides events, from a format whose address says which is which. There is no error, times are
# right, and images of the events are just brighter.
# Layout: AEDAT 2.0 of DAVIS in jAER: 31 frame or IMU, 30-22 y, 21-12 x, 11 polarity, 10 external.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q aerpy==0.4 numpy==2.4.6 scipy==1.17.1 h5py==3.16.0 importrosbag==1.0.4 requests \
  tqdm typing_extensions
# Without the rest of its dependencies, of which librosa is large. Those above it imports.
env/bin/pip install -q --no-deps tonic==1.7.0

cat > look.py <<'PYTHON'
import io
from collections import Counter

import aer
import numpy as np
from tonic.io import read_davis_346

WIDTH, HEIGHT = 346, 260
HEADER = (
    b'#!AER-DAT2.0\r\n# This is a raw AE data file - do not edit\r\n'
    b'# AEChip: eu.seebetter.ini.chips.davis.DAVIS346blue\r\n#End Of ASCII Header\r\n'
)
RECORD = np.dtype([('address', '>u4'), ('time', '>u4')])


def records(addresses, times):
    found = np.zeros(len(addresses), RECORD)
    found['address'], found['time'] = addresses, times
    return found


number = np.arange(1000)
events = records(number % HEIGHT << 22 | number % WIDTH << 12 | number % 2 << 11, 100 * number)
y, x = np.divmod(np.arange(WIDTH * HEIGHT), WIDTH)
# Read at reset (0) and after exposure (1), with 10 bits of brightness.
frame = np.concatenate([1 << 31 | y << 22 | x << 12 | read << 10 | 500 for read in (0, 1)])
frame = records(frame, 50_000 + np.arange(len(frame)) // 100)
inputs = records(np.full(5, 1 << 10), 60_000 + np.arange(5))
everything = np.concatenate([events, frame, inputs])
everything = everything[np.argsort(everything['time'], kind='stable')]
for name, part in (('all', everything), ('events', events)):
    with open(f'{name}.aedat', 'wb') as file:
        # NumPy concatenates to the byte order of the machine.
        file.write(HEADER + part.astype(RECORD).tobytes())


def aerpy_reads(name):
    with open(name, 'rb') as file:
        stream = io.BytesIO(file.read())
    aer.find_aer_start(stream)
    kinds = Counter()
    while True:
        try:
            kinds['inputs' if aer.DECODER.parse(stream).isspecial else 'events'] += 1
        except EOFError:
            return kinds
        except RuntimeError:
            kinds['refused'] += 1


kinds = aerpy_reads('all.aedat')
print(
    f'aerpy: {kinds["events"]} events, {kinds["inputs"]} external inputs, '
    f'{kinds["refused"]} refused as not of the DVS'
)
for label, name in (('tonic', 'all.aedat'), ('tonic without frame and inputs', 'events.aedat')):
    found = read_davis_346(name)[-1]
    print(f'{label}: {len(found)} events, {int(found["p"].sum())} ON')
PYTHON

cat > expected <<'TEXT'
aerpy: 1000 events, 5 external inputs, 179920 refused as not of the DVS
tonic: 180925 events, 500 ON
tonic without frame and inputs: 1000 events, 500 ON
TEXT
env/bin/python look.py | tee found
diff expected found
