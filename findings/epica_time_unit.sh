#!/usr/bin/env bash
# epica 0.1.17 (PyPI; NumPy 2.4.6, SciPy 1.17.1): poses more than 1 s apart are taken for ms, also of TUM files.
#
# Behaviour: the unit of times is guessed from the median step between poses, in each file for itself: more
# than 1 is ms, more than 1000 is us, more than a million is ns. It is also guessed where the format says the
# unit, as of TUM, and whatever --format says. Keyframes of SLAM, or fixes slower than 1 Hz, so last a
# thousandth of their time; compared with a ground truth of 10 Hz, all fall into its first 0.06 s.
#
# Output seen (a drive of 60 s on one line; TUM files with times in s, read with --format tum):
#   every 0.1 s: duration 60.000 s
#   every 1.0 s: duration 60.000 s
#   every 1.001, 1.001 and 0.998 s: duration 0.060 s
#   every 1.5 s: duration 0.060 s
#   those every 1.0 s compared with those every 0.1 s: 61 pairs
#   those every 1.5 s compared with those every 0.1 s: 0 matches
#
# Why one would guess otherwise: rows of TUM are said to be "t tx ty tz qx qy qz qw", and t of TUM is in s by
# its definition; evo, whose commands these resemble, reads them so. The length of the path is right, and
# with poses exactly 1 s apart so is all else: a ms of jitter of a receiver of 1 Hz makes the difference.
# That there are no matches looks like two clocks; no message names the unit.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q epica==0.1.17 numpy==2.4.6 scipy==1.17.1 matplotlib==3.11.2

cat > look.py <<'PYTHON'
import math
import re
import subprocess

DRIVES = {'0.1': [0.1], '1.0': [1.0], '1.001, 1.001 and 0.998': [1.001, 1.001, 0.998], '1.5': [1.5]}


def run(*command):
    done = subprocess.run(['env/bin/' + command[0], *command[1:]], capture_output=True, text=True)
    return done.stdout + done.stderr


for name, steps in DRIVES.items():
    stamps = [0.0]
    while stamps[-1] + steps[(len(stamps) - 1) % len(steps)] < 60.0001:
        stamps.append(stamps[-1] + steps[(len(stamps) - 1) % len(steps)])
    with open(f'{name[:5]}.tum', 'w') as file:
        for t in stamps:
            position = f'{0.5 * t:.6f} {math.sin(t / 5):.6f} 0'
            file.write(f'{1_700_000_000 + t:.6f} {position} 0 0 0 1\n')
    said = run('epa_traj', '--format', 'tum', f'{name[:5]}.tum')
    print(f'every {name} s: duration {re.search("duration_s=([0-9.]+)", said)[1]} s')

for name in ('1.0', '1.5'):
    said = run('epa_ape', 'tum', '0.1.tum', f'{name}.tum')
    pairs = re.search('Aligned pairs: ([0-9]+)', said)
    found = f'{pairs[1]} pairs' if pairs else re.search('[0-9]+ matches', said)[0]
    print(f'those every {name} s compared with those every 0.1 s: {found}')
PYTHON

cat > expected <<'TEXT'
every 0.1 s: duration 60.000 s
every 1.0 s: duration 60.000 s
every 1.001, 1.001 and 0.998 s: duration 0.060 s
every 1.5 s: duration 0.060 s
those every 1.0 s compared with those every 0.1 s: 61 pairs
those every 1.5 s compared with those every 0.1 s: 0 matches
TEXT
env/bin/python look.py | tee found
diff expected found
