#!/usr/bin/env bash
# nmeasim 1.1.1.0 (PyPI; geographiclib 2.1): a receiver that drives straight passes by its target.
#
# Behaviour: the simulator steers to its target only where heading_variation, the random change of heading in
# each step, is not 0: with 0 the target is not looked at, and the receiver goes on as it was. Where it is
# steered, the last step is made to end at the target by setting the speed of the receiver, which is then 0
# for good: a second target is never driven to, and the sentences go on with a speed of 0.
#
# Output seen (36 km/h to the east at first, 120 s for each of two targets in a row):
#   variation 0, target 995 m north: 0 m north, 1200 m east, 36 km/h
#   variation 0, target 1990 m north: 0 m north, 2400 m east, 36 km/h
#   variation 0.001, target 995 m north: 995 m north, 0 m east, 0 km/h
#   variation 0.001, target 1990 m north: 995 m north, 0 m east, 0 km/h
#
# Why one would guess otherwise: a route without noise is the first that one tries, for a reference to which
# fixes are compared, and a variation of 0 seems to be that of 0.001 made smaller. Targets in a row are how one
# makes a route. The track is smooth and its speed plausible, in the first case too. Nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q nmeasim==1.1.1.0 geographiclib==2.1

cat > look.py <<'PYTHON'
from datetime import datetime, timezone

from nmeasim.models import GpsReceiver
from nmeasim.simulator import Simulator

START = datetime(2024, 5, 1, 12, 0, 0, tzinfo=timezone.utc)


def place(receiver):
    north, east = receiver.lat * 110574, receiver.lon * 111320
    return f'{north:.0f} m north, {abs(east):.0f} m east, {receiver.kph:.0f} km/h'


def drive(variation):
    receiver = GpsReceiver(
        date_time=START, lat=0.0, lon=0.0, kph=36.0, heading=90.0, output=('RMC',)
    )
    simulator = Simulator(gps=receiver, heading_variation=variation)
    simulator.target = (0.009, 0.0)
    for goal in ((0.009, 0.0), (0.018, 0.0)):
        simulator.target = goal
        for _ in simulator.get_output(120):
            pass
        print(f'variation {variation}, target {goal[0] * 110574:.0f} m north: {place(receiver)}')


drive(0)
drive(0.001)
PYTHON

cat > expected <<'TEXT'
variation 0, target 995 m north: 0 m north, 1200 m east, 36 km/h
variation 0, target 1990 m north: 0 m north, 2400 m east, 36 km/h
variation 0.001, target 995 m north: 995 m north, 0 m east, 0 km/h
variation 0.001, target 1990 m north: 995 m north, 0 m east, 0 km/h
TEXT
timeout 120 env/bin/python look.py | tee found
diff expected found
