#!/usr/bin/env bash
# spikelink 0.1.1 (PyPI; NumPy 2.4.6): milliseconds arrive as seconds, after hours spikes fall together.
#
# Behaviour: a SpikeTrain has units, but its packets do not: what is decoded is in seconds, with the numbers of
# the milliseconds. That is so of packets in memory, and of their bytes, in which the neuron is left out too.
# Times are sent as float32 from the beginning of the recording, not of the packet: after an hour an interval
# of 1 ms is 0.98 ms, after 5 hours 0 or 1.95, after 10 hours spikes of 4 ms are one. precision, the number of
# decimals that the codec is to preserve, 6, is not used.
#
# Output seen (decoded after packets and after their bytes; intervals of 6 spikes in ms):
#   sent: 10 20 30 ms, neuron 7
#   in packets: 10 20 30 s, neuron 7
#   in bytes: 10 20 30 s, neuron None
#   after 0 h, 1 ms apart: 1.00 1.00 1.00 1.00 1.00
#   after 1 h, 1 ms apart: 0.98 0.98 0.98 0.98 0.98
#   after 5 h, 1 ms apart: 1.95 0.00 1.95 0.00 1.95
#   after 10 h, 1 ms apart: 0.00 3.91 0.00 0.00 0.00
#
# Why one would guess otherwise: units is a field of what is encoded and of what is decoded, and decoding says
# that it is s. Each packet has its window's start in its header, from which float32 would be enough, but the
# times are not counted from there. A round trip of a train of some seconds, in seconds, is right to 1 us.
# Rates from a train in ms are a thousandth of what they were. Nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q spikelink==0.1.1 numpy==2.4.6

cat > look.py <<'PYTHON'
import numpy as np
from spikelink import SpikeTrain
from spikelink.core.codec import SpikelinkCodec
from spikelink.core.packet import SpikelinkPacket

codec = SpikelinkCodec()


def sent(train):
    packets = [SpikelinkPacket.from_bytes(p.to_bytes()) for p in codec.encode_train(train)]
    return codec.decode_packets(packets)


def text(train):
    times = ' '.join(f'{time:g}' for time in train.times)
    return f'{times} {train.units}, neuron {train.neuron_id}'


train = SpikeTrain(times=[10.0, 20.0, 30.0], t_stop=100.0, units='ms', neuron_id=7)
print(f'sent: {text(train)}')
print(f'in packets: {text(codec.round_trip(train))}')
print(f'in bytes: {text(sent(train))}')
for hours in (0, 1, 5, 10):
    times = 3600 * hours + np.arange(6) * 0.001
    found = sent(SpikeTrain(times=times, t_stop=3600 * hours + 1))
    steps = ' '.join(f'{step:.2f}' for step in np.diff(found.times) * 1000)
    print(f'after {hours} h, 1 ms apart: {steps}')
PYTHON

cat > expected <<'TEXT'
sent: 10 20 30 ms, neuron 7
in packets: 10 20 30 s, neuron 7
in bytes: 10 20 30 s, neuron None
after 0 h, 1 ms apart: 1.00 1.00 1.00 1.00 1.00
after 1 h, 1 ms apart: 0.98 0.98 0.98 0.98 0.98
after 5 h, 1 ms apart: 1.95 0.00 1.95 0.00 1.95
after 10 h, 1 ms apart: 0.00 3.91 0.00 0.00 0.00
TEXT
env/bin/python look.py | tee found
diff expected found
