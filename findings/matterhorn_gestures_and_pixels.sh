#!/usr/bin/env bash
# matterhorn-pytorch 2.0.0 (PyPI; torch 2.13.0, NumPy 2.2.6): each gesture is the whole recording.
#
# Behaviour: DVS128Gesture cuts a recording by the times of its labels and saves the recording, not the cut:
# all gestures of a person under one light are the same data, with different labels. Frames are from time 0
# to the last event, not from the first; those before the recording begins are empty. In
# event_seq_to_spike_train() the place of an event in the tensor is computed as float32, which has whole
# numbers up to 16,777,216: in larger tensors events are moved to other pixels.
#
# Output seen (a recording of 3 gestures of 1 s and 100 events, at 60, 62 and 64 s; 16 frames):
#   label 0: 300 events, columns 57 87 117, frames 0 0 0 0 0 0 0 0 0 0 0 0 0 0 93 207
#   label 1: 300 events, columns 57 87 117, frames 0 0 0 0 0 0 0 0 0 0 0 0 0 0 93 207
#   label 2: 300 events, columns 57 87 117, frames 0 0 0 0 0 0 0 0 0 0 0 0 0 0 93 207
#   100 frames of 2 x 128 x 128: 1000 of 1000 events at their pixel
#   100 frames of 2 x 260 x 346: 967 of 1000 events at their pixel
#   100 frames of 2 x 480 x 640: 516 of 1000 events at their pixel
#
# Why one would guess otherwise: as many samples come out as there are labels, with the right shapes, and the
# times of the labels are read. A network that is trained on it learns whom it sees, and how often each
# label is; its accuracy on other people stays at chance, as if it were the network's fault. 346 x 260 and
# 640 x 480 are common cameras; sums are right, and a pixel to the side looks like noise. Nothing is said.
# NumPy is that old because the package uses np.fromstring. Without torchvision, whose builds have to match
# those of torch: the functions for files that are taken from it are given here.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q torch==2.13.0 numpy==2.2.6 rich==15.0.0 h5py==3.16.0
env/bin/pip install -q --no-deps matterhorn-pytorch==2.0.0

cat > look.py <<'PYTHON'
import contextlib
import io
import os
import shutil
import struct
import sys
import tarfile
import types

import numpy as np
import torch

files = types.ModuleType('torchvision.datasets.utils')
files.check_integrity = os.path.isfile
files.extract_archive = shutil.unpack_archive
files.download_url = None
for name in ('torchvision', 'torchvision.datasets'):
    sys.modules[name] = types.ModuleType(name)
sys.modules[files.__name__] = files
from matterhorn_pytorch.data.aedat import DVS128Gesture
from matterhorn_pytorch.data.functional import event_seq_to_spike_train

STARTS = (60_000_000, 62_000_000, 64_000_000)
RAW = 'DVS128Gesture/raw'


def packet():
    events = [
        (start + 10_000 * number, 10 + 30 * gesture, 20, number % 2)
        for gesture, start in enumerate(STARTS)
        for number in range(100)
    ]
    header = struct.pack('<hhiiiiii', 1, 1, 8, 4, 0, len(events), len(events), len(events))
    return header + b''.join(
        struct.pack('<Ii', x << 17 | y << 2 | on << 1 | 1, time) for time, x, y, on in events
    )


os.makedirs(f'{RAW}/DvsGesture')
with open(f'{RAW}/DvsGesture/user01_led.aedat', 'wb') as file:
    file.write(b'#!AER-DAT3.1\r\n#Format: RAW\r\n#Source 1: DVS128\r\n#!END-HEADER\r\n' + packet())
with open(f'{RAW}/DvsGesture/user01_led_labels.csv', 'w') as file:
    file.write('class,startTime_usec,endTime_usec\n')
    for gesture, start in enumerate(STARTS):
        file.write(f'{gesture + 1},{start},{start + 1_000_000}\n')
with tarfile.open(f'{RAW}/DvsGesture.tar.gz', 'w:gz') as archive:
    archive.add(f'{RAW}/DvsGesture', 'DvsGesture')
with open(f'{RAW}/gesture_mapping.csv', 'w') as file:
    file.write('hand_clapping,1\n')

with contextlib.redirect_stdout(io.StringIO()):
    samples = list(DVS128Gesture('.', cached=False, count=True, time_steps=16))
for frames, label in samples:
    columns = sorted(set(frames.nonzero()[:, 3].tolist()))
    print(
        f'label {label}: {int(frames.sum())} events,',
        f'columns {" ".join(map(str, columns))},',
        f'frames {" ".join(str(int(frame.sum())) for frame in frames)}',
    )

for height, width in ((128, 128), (260, 346), (480, 640)):
    shape = (100, 2, height, width)
    events = np.random.default_rng(0).integers(0, shape, (1000, 4))
    frames = event_seq_to_spike_train(torch.from_numpy(events.astype(np.float32)), shape, count=True)
    right = torch.zeros(shape)
    right.index_put_(tuple(torch.from_numpy(events.T)), torch.ones(1000), accumulate=True)
    kept = int(torch.minimum(frames, right).sum())
    print(f'100 frames of 2 x {height} x {width}: {kept} of 1000 events at their pixel')
PYTHON

cat > expected <<'TEXT'
label 0: 300 events, columns 57 87 117, frames 0 0 0 0 0 0 0 0 0 0 0 0 0 0 93 207
label 1: 300 events, columns 57 87 117, frames 0 0 0 0 0 0 0 0 0 0 0 0 0 0 93 207
label 2: 300 events, columns 57 87 117, frames 0 0 0 0 0 0 0 0 0 0 0 0 0 0 93 207
100 frames of 2 x 128 x 128: 1000 of 1000 events at their pixel
100 frames of 2 x 260 x 346: 967 of 1000 events at their pixel
100 frames of 2 x 480 x 640: 516 of 1000 events at their pixel
TEXT
env/bin/python -W ignore look.py | tee found
diff expected found
