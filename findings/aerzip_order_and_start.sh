#!/usr/bin/env bash
# AERzip 1.0.1 (PyPI; NumPy 1.26.4): a recording comes back pixel by pixel, from time 0, or not at all.
#
# Behaviour: saveCompressedFile() subtracts the first time, which is not stored, and writes the times of one
# address after those of another. loadCompressedFile() gives them in this order and does not add anything.
# The end of each list is the largest number that fits into the bytes of a time; where the recording is as
# long as that number, 255, 65,535 or 16,777,215 us, its last event is taken for the end of a list, and
# from there on bytes are read from the wrong place.
#
# Output seen (address and time of each event):
#   saved: 7@5000 3@5010 7@5020 9@5030 3@5040 9@5254
#   loaded: 7@0 7@20 3@10 3@40 9@30 9@254
#   saved: 7@5000 3@5010 7@5020 9@5030 3@5040 9@5255
#   loaded: EOFError
#   saved: 9@5000 3@5010 3@5011 3@5012 9@5255
#   loaded: 9@0 255@3 255@10 255@11 255@12
#
# Why one would guess otherwise: it is a package for "AEDAT files compression and decompression", and the
# function "returns the addresses and time stamps stored in it". An AEDAT file is a stream in order of time;
# what is read back goes back in time at each pixel, two cameras or ears that were saved each begin at 0,
# and cuts of 2^16 us, the times 0 to 65,535, are common. Nothing is said when it is saved.
# NumPy is that old because the package uses np.array(copy=False) as NumPy 1 has it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q aerzip==1.0.1 numpy==1.26.4

cat > look.py <<'PYTHON'
import numpy as np
from AERzip import loadCompressedFile, saveCompressedFile


def joined(addresses, times):
    return ' '.join(f'{address}@{time}' for address, time in zip(addresses, times))


def show(addresses, times):
    saveCompressedFile(np.array(addresses), np.array(times), './events.zip', overwrite=True)
    print('saved:', joined(addresses, times))
    try:
        print('loaded:', joined(*loadCompressedFile('./events.zip')))
    except Exception as error:
        print('loaded:', type(error).__name__)


ADDRESSES = (7, 3, 7, 9, 3, 9)
show(ADDRESSES, (5000, 5010, 5020, 5030, 5040, 5254))
show(ADDRESSES, (5000, 5010, 5020, 5030, 5040, 5255))
show((9, 3, 3, 3, 9), (5000, 5010, 5011, 5012, 5255))
PYTHON

cat > expected <<'TEXT'
saved: 7@5000 3@5010 7@5020 9@5030 3@5040 9@5254
loaded: 7@0 7@20 3@10 3@40 9@30 9@254
saved: 7@5000 3@5010 7@5020 9@5030 3@5040 9@5255
loaded: EOFError
saved: 9@5000 3@5010 3@5011 3@5012 9@5255
loaded: 9@0 255@3 255@10 255@11 255@12
TEXT
env/bin/python look.py | tee found
diff expected found
