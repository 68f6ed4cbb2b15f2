#!/usr/bin/env bash
# expelliarmus 1.1.12 (PyPI, CPython 3.11, NumPy 1.26.4): reading EVT 3.0, time passes twice as fast.
#
# Behaviour: in EVT 3.0 a time stamp has 24 bits, of which EVT_TIME_HIGH carries the upper and
# EVT_TIME_LOW the lower 12. Wizard(encoding='evt3').read() takes EVT_TIME_HIGH into account and, on
# top of it, adds 4096 us each time that EVT_TIME_LOW becomes smaller, which it does after every
# EVT_TIME_HIGH of an ordinary recording. Its writer is the mirror image: EVT_TIME_HIGH is written
# once, at the beginning, so that only expelliarmus itself gets the times of its files back, and only
# where no pause lasts longer than 4096 us.
#
# Output seen:
#   read: last event at 1999324 us, written as 999900 us; 9999 events of 9999
#   saved: EVT_TIME_HIGH 1 time(s) for 1 s; after a pause of 10 ms the next event is 8192 us early
#
# Why one would guess otherwise: the package is made for these files, counts and coordinates of all
# events are right, times never run backwards, and saving and reading again gives the same times, so
# that a test by round trip passes. EVT 2.0 and DAT of the same package are right.
# Format: https://docs.prophesee.ai/stable/data/encoding_formats/evt3.html
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q expelliarmus==1.1.12 numpy==1.26.4

cat > look.py <<'PYTHON'
import itertools
import struct

import numpy as np
from expelliarmus import Wizard

HEAD = b'% evt 3.0\n% format EVT3;height=720;width=1280\n% geometry 1280x720\n% end\n'
TIME_HIGH, TIME_LOW, ADDR_Y, ADDR_X = 0x8000, 0x6000, 0x0000, 0x2000


def words(times):
    """One row of pixels; EVT_TIME_HIGH and EVT_TIME_LOW wherever they change."""
    yield ADDR_Y | 7
    high = low = None
    for number, time in enumerate(times):
        if time >> 12 != high:
            high, low = time >> 12, None
            yield TIME_HIGH | high
        if time & 0xFFF != low:
            low = time & 0xFFF
            yield TIME_LOW | low
        yield ADDR_X | number % 1000


times = np.arange(100, 1_000_000, 100)
stream = list(words(times.tolist()))
with open('conforming.raw', 'wb') as file:
    file.write(HEAD + struct.pack(f'<{len(stream)}H', *stream))
found = Wizard(encoding='evt3').read('conforming.raw')
print(
    f'read: last event at {found["t"][-1]} us, written as {times[-1]} us; '
    f'{len(found)} events of {len(times)}'
)

events = np.zeros(len(times), dtype=[('t', '<i8'), ('x', '<i2'), ('y', '<i2'), ('p', 'u1')])
events['t'], events['x'], events['y'] = times, np.arange(len(times)) % 1000, 7
wizard = Wizard(encoding='evt3')
wizard.save('saved.raw', events)
with open('saved.raw', 'rb') as file:
    lines = iter(file.readline, b'')
    # The header ends before the first line that is no comment.
    size = sum(len(line) for line in itertools.takewhile(lambda line: line.startswith(b'%'), lines))
body = np.fromfile('saved.raw', '<u2', offset=size)
highs = int((body >> 12 == 0x8).sum())
pause = events[:2].copy()
pause['t'] = 100, 10_100
wizard.save('pause.raw', pause)
early = 10_000 - int(np.diff(wizard.read('pause.raw')['t'])[0])
print(f'saved: EVT_TIME_HIGH {highs} time(s) for 1 s; after a pause of 10 ms the next event is {early} us early')
assert (found['x'] == np.arange(len(times)) % 1000).all()
assert found['t'][-1] == 1_999_324 and len(found) == len(times), 'reading has changed'
assert highs == 1 and early == 8192, 'writing has changed'
PYTHON
env/bin/python look.py
