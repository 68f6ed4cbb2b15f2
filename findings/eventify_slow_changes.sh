#!/usr/bin/env bash
# eventify-dvs 0.2.0 (PyPI; OpenCV 5.0.0.93, NumPy 2.4.6, h5py 3.16.0): slow changes give no events, and interpolation takes events away.
#
# Behaviour: events are the whole thresholds between one frame and the next; what is left over is forgotten
# with each frame. Light that doubles in 20 frames gives no event, as long as no step is above the threshold.
# interp, which puts frames between the video's, makes the steps smaller: each of them loses its remainder,
# or gives nothing. Events are in the order of the pixels, not of time, and are written so.
#
# Output seen (a film of 16 x 16 pixels, threshold 0.05; brightness 100 to 200, a change of 13 thresholds):
#   in 1 frame: events of a pixel 13, with interp=1 13, with interp=9 10
#   in 5 frames: events of a pixel 12, with interp=1 10, with interp=9 0
#   in 10 frames: events of a pixel 10, with interp=1 0, with interp=9 0
#   in 20 frames: events of a pixel 0, with interp=1 0, with interp=9 0
#   written by write_hdf5, one frame: 3328 events, time goes back 255 times
#
# Why one would guess otherwise: it is said to be the "core idea behind v2e/ESIM", in which a pixel remembers
# the brightness of its last event, as a sensor does: events of a slow change come later, not never. More
# frames between two are for finer times. A film of 60 frames/s has fewer events than the same at 30. The
# function says that times are "strictly monotonic", which they are at each pixel; the file has the layout of
# a data set whose times ascend. Nothing is said.
# Without its dependency opencv-python, for the same without windows.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q opencv-python-headless==5.0.0.93 numpy==2.4.6 h5py==3.16.0
env/bin/pip install -q --no-deps eventify-dvs==0.2.0

cat > look.py <<'PYTHON'
import cv2
import eventify
import h5py
import numpy as np

SIZE = 16


def film(levels):
    writer = cv2.VideoWriter('film.avi', cv2.VideoWriter_fourcc(*'FFV1'), 30, (SIZE, SIZE))
    for level in levels:
        writer.write(np.full((SIZE, SIZE, 3), level, np.uint8))
    writer.release()


def events(interp):
    return np.concatenate(list(eventify.video_to_event_stream('film.avi', interp=interp)))


for frames in (1, 5, 10, 20):
    film(np.linspace(100, 200, frames + 1).round().astype(int))
    plain, one, nine = (len(events(interp)) // SIZE**2 for interp in (0, 1, 9))
    print(
        f'in {frames} frame{"s" * (frames > 1)}: events of a pixel {plain}, '
        f'with interp=1 {one}, with interp=9 {nine}'
    )

film([100, 200])
eventify.write_hdf5('events.h5', events(0), (SIZE, SIZE))
with h5py.File('events.h5') as file:
    times = file['events/ts'][:]
back = np.count_nonzero(np.diff(times) < 0)
print(f'written by write_hdf5, one frame: {len(times)} events, time goes back {back} times')
PYTHON

cat > expected <<'TEXT'
in 1 frame: events of a pixel 13, with interp=1 13, with interp=9 10
in 5 frames: events of a pixel 12, with interp=1 10, with interp=9 0
in 10 frames: events of a pixel 10, with interp=1 0, with interp=9 0
in 20 frames: events of a pixel 0, with interp=1 0, with interp=9 0
written by write_hdf5, one frame: 3328 events, time goes back 255 times
TEXT
env/bin/python look.py | tee found
diff expected found
