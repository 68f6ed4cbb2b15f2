#!/usr/bin/env bash
# evutils 0.3.18 (PyPI; NumPy 2.4.6): text files of events are read as whole seconds at pixel (0, 0).
#
# Behaviour: EventReader opens .txt and .csv as columns t, x, y, p of whole numbers, separated by commas.
# Of a line it takes the digits at the beginning of each column that it finds, and zero for what it does
# not find: of "0.003811 96 133 0" the time is 0, and x, y and p are 0. The number of events is right. With
# delimiter=' ' the pixels are right, and times are whole seconds still. -1 for OFF becomes 255.
#
# Output seen (5 events from 0.25 to 1.75 s):
#   seconds and spaces: t 0 0 1 1 1, x 0 0 0 0 0, y 0 0 0 0 0, p 0 0 0 0 0
#   delimiter=" ": t 0 0 1 1 1, x 10 11 12 13 14, y 20 21 22 23 24, p 1 0 1 0 1
#   seconds and commas, columns named: t 0 0 1 1 1, x 10 11 12 13 14, y 20 21 22 23 24, p 1 0 1 0 1
#   us and commas, OFF as -1: t 250000 750000 1000000 1500000 1750000, p 1 255 1 255 1
#   numpy.loadtxt of the first: t 0.25 0.75 1.0 1.5 1.75, x 10 11 12 13 14, y 20 21 22 23 24, p 1 0 1 0 1
#
# Why one would guess otherwise: seconds and spaces are what the events.txt of the Event-Camera Dataset
# (RPG, 2017) and of many tools after it have; the ending is taken without being asked for a layout; a
# header that is not understood is refused, so a line would seem to be, too; and nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q evutils==0.3.18 numpy==2.4.6

cat > look.py <<'PYTHON'
from pathlib import Path

import numpy as np
from evutils.io import EventReader

SECONDS, FILE = (0.25, 0.75, 1.0, 1.5, 1.75), Path('events.txt')


def lines(separator, scale=1, off=0):
    for number, second in enumerate(SECONDS):
        time = f'{second:.9f}' if scale == 1 else str(int(scale * second))
        polarity = off if number % 2 else 1
        columns = (time, str(10 + number), str(20 + number), str(polarity))
        yield separator.join(columns) + '\n'


def show(what, columns):
    parts = (f'{name} {" ".join(str(value) for value in column)}' for name, column in columns)
    print(f'{what}: {", ".join(parts)}')


def read(what, text, columns='txyp', **options):
    FILE.write_text(text)
    with EventReader(FILE, **options) as reader:
        events = reader.read_all()
        show(what, [(name, np.array(events[name]).tolist()) for name in columns])


read('seconds and spaces', ''.join(lines(' ')))
read('delimiter=" "', ''.join(lines(' ')), delimiter=' ')
read('seconds and commas, columns named', 't,x,y,p\n' + ''.join(lines(',')))
read('us and commas, OFF as -1', ''.join(lines(',', 1_000_000, -1)), 'tp')
FILE.write_text(''.join(lines(' ')))
table = np.loadtxt(FILE)
whole = [column.astype(int).tolist() for column in table.T[1:]]
show('numpy.loadtxt of the first', zip('txyp', [table[:, 0].tolist(), *whole]))
PYTHON

cat > expected <<'TEXT'
seconds and spaces: t 0 0 1 1 1, x 0 0 0 0 0, y 0 0 0 0 0, p 0 0 0 0 0
delimiter=" ": t 0 0 1 1 1, x 10 11 12 13 14, y 20 21 22 23 24, p 1 0 1 0 1
seconds and commas, columns named: t 0 0 1 1 1, x 10 11 12 13 14, y 20 21 22 23 24, p 1 0 1 0 1
us and commas, OFF as -1: t 250000 750000 1000000 1500000 1750000, p 1 255 1 255 1
numpy.loadtxt of the first: t 0.25 0.75 1.0 1.5 1.75, x 10 11 12 13 14, y 20 21 22 23 24, p 1 0 1 0 1
TEXT
env/bin/python look.py | tee found
diff expected found
