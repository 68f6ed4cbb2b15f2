#!/usr/bin/env bash
# aermanager 0.3.0 (PyPI; dv 1.0.12, NumPy 1.23.5): invalid and special events of AEDAT 3.1 are read.
#
# Behaviour: load_events_from_file() of an AEDAT 3.1 file ('ibm', 'redV3') reads two words for each event
# of every packet. Of the packet's header only the capacity is looked at, of an event not bit 0, which is
# 0 for events that a filter has taken out: they are there again. Packets of other types are taken for
# polarity too: an edge at the input of the sensor is an event of the pixel (0, 1). The number of
# overflows of the clock is ignored: after 2^31 us, 36 minutes, times begin again at 0.
#
# Output seen:
#   1000 events, all valid: 1000 events, the last at 9990 us
#   1000 events, 250 of them valid: 1000 events, the last at 9990 us
#   100 edges of an input, 1000 events: 1100 events, the last at 9990 us
#   1000 events, then 1000 after an overflow: 2000 events, the last at 9990 us
#
# Why one would guess otherwise: AEDAT 3.1 is defined by its packets, whose headers state type, number of
# valid events and overflows. To invalidate events is how filters of cAER remove noise without copying a
# packet, and cAER writes all of a packet, or with an option valid events only. A recording that was
# filtered seems unfiltered, and nothing is said.
# NumPy is that old because the package uses np.bool.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q numpy==1.23.5 dv==1.0.12
# Without its other dependencies, which are for data sets and their annotation.
env/bin/pip install -q --no-deps aermanager==0.3.0

cat > look.py <<'PYTHON'
import struct

import numpy as np
from aermanager.aerparser import load_events_from_file

HEADER = (
    b'#!AER-DAT3.1\r\n#Format: RAW\r\n#Source 1: DVS128\r\n'
    b'#Start-Time: 2017-01-01 12:00:00 (TZ+0000)\r\n#!END-HEADER\r\n'
)


def packet(kind, data, valid, overflows=0):
    """Type, source, bytes of an event, place of its time, overflows, capacity, number, valid."""
    head = (kind, 1, 8, 4, overflows, len(data), len(data), int(valid.sum()))
    return struct.pack('<hhiiiiii', *head) + data.astype('<u4').tobytes()


def polarity(times, valid, overflows=0):
    """Bits: 17 to 31 column, 2 to 16 row, 1 polarity, 0 valid; microseconds."""
    columns = np.arange(len(times)) % 128
    return packet(1, np.stack((columns << 17 | 9 << 2 | 2 | valid, times), 1), valid, overflows)


def read(name, *packets):
    with open('events.aedat', 'wb') as file:
        file.write(HEADER + b''.join(packets))
    _, found = load_events_from_file('events.aedat', 'ibm')
    print(f'{name}: {len(found)} events, the last at {found["t"][-1]} us')


times, all_, fourth = np.arange(1000) * 10, np.ones(1000, int), (np.arange(1000) % 4 == 0) * 1
# Bits of a special event: 1 to 7 type, 0 valid; 2 is a rising edge at the input.
edges = np.stack((np.full(100, 2 << 1 | 1), np.arange(100) * 100), 1)
read('1000 events, all valid', polarity(times, all_))
read('1000 events, 250 of them valid', polarity(times, fourth))
read('100 edges of an input, 1000 events', packet(0, edges, all_[:100]), polarity(times, all_))
read('1000 events, then 1000 after an overflow', polarity(times, all_), polarity(times, all_, 1))
PYTHON

cat > expected <<'TEXT'
1000 events, all valid: 1000 events, the last at 9990 us
1000 events, 250 of them valid: 1000 events, the last at 9990 us
100 edges of an input, 1000 events: 1100 events, the last at 9990 us
1000 events, then 1000 after an overflow: 2000 events, the last at 9990 us
TEXT
env/bin/python look.py | tee found
diff expected found
