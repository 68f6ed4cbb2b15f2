"""
Lets a coverage-guided fuzzer (atheris) look for bytes that the decoders do not survive.

Run by `make fuzz`. The compiled loops run as the Python that they are written in: so the fuzzer
sees their branches, and NumPy raises for every index out of bounds, where machine code would read
on. What is found is printed by the fuzzer; it then belongs among the examples of
test_event_fuzz.py. Arguments go to libFuzzer, -max_total_time=300 among them.
"""

from __future__ import annotations

import os
import sys

os.environ['NUMBA_DISABLE_JIT'] = '1'

try:
    import atheris
except ImportError:
    sys.exit('atheris is not installed: pip install -r env/requirements-fuzz.txt')

with atheris.instrument_imports(include=['vprtempo_ros.events', 'vprtempo_ros.sources.event_msg']):
    import vprtempo_ros.events.stream
    import vprtempo_ros.sources.event_msg  # noqa: F401

from support.events import ENCODINGS  # noqa: E402
from test_event_fuzz import feed  # noqa: E402

from vprtempo_ros.errors import EventError  # noqa: E402
from vprtempo_ros.events.decoding import StreamDecoder  # noqa: E402
from vprtempo_ros.events.packet import EventBuffer  # noqa: E402
from vprtempo_ros.sources.cdr import ARRAY, PACKET  # noqa: E402
from vprtempo_ros.sources.event_msg import read_packet  # noqa: E402


def one_input(data: bytes) -> None:
    """Take the first bytes as what to do, the others as what to do it with."""
    given = atheris.FuzzedDataProvider(data)
    which = given.ConsumeIntInRange(0, len(ENCODINGS))
    if which == len(ENCODINGS):
        name = PACKET if given.ConsumeBool() else ARRAY
        try:
            packet = read_packet(given.ConsumeBytes(1 << 12), name)
            StreamDecoder(prefer='own').decode(packet, EventBuffer())
        except EventError:
            pass
        return
    time_base, bigendian = given.ConsumeIntInRange(0, 2**64 - 1), given.ConsumeBool()
    parts = [
        given.ConsumeBytes(given.ConsumeIntInRange(0, 120))
        for _ in range(given.ConsumeIntInRange(1, 3))
    ]
    feed(ENCODINGS[which], parts, time_base, bigendian)


if __name__ == '__main__':
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
