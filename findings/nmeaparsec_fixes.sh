#!/usr/bin/env bash
# nmeaparsec 0.1.0 (PyPI; NumPy 2.4.6): positions get the altitude of another fix, those of GN are not there.
#
# Behaviour: RMC and GGA of one fix are put together by hour, minute and second; the fraction is dropped. With
# more than one fix a second, a sentence that has no partner takes that of the next fix, and so on to the end of
# the second: where the RMC of a fix is void (V), positions after it have the GGA of the fix before. Where GGA
# comes first, the first one is left out, for it has no date yet, and positions have the GGA of the fix after.
# Sentences that begin with $GN, as those of receivers of more than one system do, are ignored.
#
# Output seen (10 fixes; for each that is returned the number of its position : that of its altitude):
#   GP, 5 Hz, RMC GGA: 0:0 1:1 2:2 3:3 4:4 5:5 6:6 7:7 8:8 9:9
#   GP, 5 Hz, RMC GGA, 5 void: 0:0 1:1 2:2 3:3 4:4 6:5 7:6 8:7 9:8
#   GP, 5 Hz, GGA RMC: 0:1 1:2 2:3 3:4 5:5 6:6 7:7 8:8 9:9
#   GP, 1 Hz, RMC GGA, 5 void: 0:0 1:1 2:2 3:3 4:4 6:6 7:7 8:8 9:9
#   GN, 5 Hz, RMC GGA: none
#
# Why one would guess otherwise: time stamps are returned with their fraction, and all fixes of a file have all
# their fields. Which of the two sentences comes first is up to the receiver. Quality, satellites and HDOP are
# those of another fix too, so that a bad position is taken for a good one. Nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q nmeaparsec==0.1.0 numpy==2.4.6

cat > look.py <<'PYTHON'
from functools import reduce
from pathlib import Path

from nmeaparsec.nmea_parser import NMEAParser


def sentence(body):
    check = reduce(lambda total, letter: total ^ ord(letter), body, 0)
    return f'${body}*{check:02X}\n'


def fixes(talker, rate, gga_first, void):
    for number in range(10):
        second, part = divmod(number, rate)
        clock = f'1200{second:02d}.{part * 100 // rate:02d}'
        place = f'47{number:02d}.0000,N,00800.0000,E'
        gga = sentence(f'{talker}GGA,{clock},{place},1,08,0.9,{100 + number}.0,M,48.0,M,,')
        status = 'V' if number == void else 'A'
        rmc = sentence(f'{talker}RMC,{clock},{status},{place},10.0,0.0,010524,,,A')
        yield gga + rmc if gga_first else rmc + gga


for talker, rate, gga_first, void in (
    ('GP', 5, False, None),
    ('GP', 5, False, 5),
    ('GP', 5, True, None),
    ('GP', 1, False, 5),
    ('GN', 5, False, None),
):
    Path('drive.nmea').write_text(''.join(fixes(talker, rate, gga_first, void)))
    found = NMEAParser().parse_file('drive.nmea')
    pairs = ' '.join(
        f'{(fix.latitude_decimal - 47) * 60:.0f}:{fix.altitude - 100:.0f}' for fix in found
    )
    order = 'GGA RMC' if gga_first else 'RMC GGA'
    lost = '' if void is None else f', {void} void'
    print(f'{talker}, {rate} Hz, {order}{lost}: {pairs or "none"}')
PYTHON

cat > expected <<'TEXT'
GP, 5 Hz, RMC GGA: 0:0 1:1 2:2 3:3 4:4 5:5 6:6 7:7 8:8 9:9
GP, 5 Hz, RMC GGA, 5 void: 0:0 1:1 2:2 3:3 4:4 6:5 7:6 8:7 9:8
GP, 5 Hz, GGA RMC: 0:1 1:2 2:3 3:4 5:5 6:6 7:7 8:8 9:9
GP, 1 Hz, RMC GGA, 5 void: 0:0 1:1 2:2 3:3 4:4 6:6 7:7 8:8 9:9
GN, 5 Hz, RMC GGA: none
TEXT
env/bin/python look.py | tee found
diff expected found
