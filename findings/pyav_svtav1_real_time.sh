#!/usr/bin/env bash
# PyAV 18.1.0 (PyPI, libsvtav1 of FFmpeg): encoding AV1 makes the process one of real time, and all that it starts.
#
# Behaviour: where the process may, as root or with CAP_SYS_NICE, opening the encoder sets the scheduling
# policy of the thread that opens it to SCHED_FIFO with priority 99, the highest there is. That stays when the
# encoder is closed and gone, and what the thread starts later inherits it: threads, and programs that have
# nothing to do with video. Other encoders of PyAV leave it alone. It needs root and Linux to be seen.
#
# Output seen (one image of 64x64 encoded by each; SCHED_OTHER has the number 0, SCHED_FIFO 1):
#   libx264: policy 0 priority 0, of a program started after it: policy 0 priority 0
#   libvpx-vp9: policy 0 priority 0, of a program started after it: policy 0 priority 0
#   libsvtav1: policy 1 priority 99, of a program started after it: policy 1 priority 99
#
# Why one would guess otherwise: encoding is a computation, and the names of options say speed or latency
# where a codec has such a thing; none was set here. Libraries do not change the priority of their caller,
# and one that is not told to use real time is not expected to. In containers, as robots and CI have them,
# root is the usual user. A node that is started after it, and computes, keeps all processes of normal
# priority from its core, drivers and the watchdog among them. Nothing is said.
set -euo pipefail
if [ "$(id -u)" != 0 ]; then
  echo 'needs root, without which the policy may not be changed' >&2
  exit 2
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q av==18.1.0

cat > look.py <<'PYTHON'
import os
import subprocess
import sys
from fractions import Fraction

import av

SHOW = 'import os; print(os.sched_getscheduler(0), os.sched_getparam(0).sched_priority)'


def shown(text):
    policy, priority = text.split()
    return f'policy {policy} priority {priority}'


for name in ('libx264', 'libvpx-vp9', 'libsvtav1'):
    context = av.CodecContext.create(name, 'w')
    context.width = context.height = 64
    context.pix_fmt = 'yuv420p'
    context.time_base = Fraction(1, 10)
    packets = list(context.encode(av.VideoFrame(64, 64, 'yuv420p')))
    packets += context.encode(None)
    assert len(packets) == 1
    del context
    own = f'{os.sched_getscheduler(0)} {os.sched_getparam(0).sched_priority}'
    after = subprocess.run([sys.executable, '-c', SHOW], capture_output=True, text=True).stdout
    print(f'{name}: {shown(own)}, of a program started after it: {shown(after)}')
PYTHON

cat > expected <<'TEXT'
libx264: policy 0 priority 0, of a program started after it: policy 0 priority 0
libvpx-vp9: policy 0 priority 0, of a program started after it: policy 0 priority 0
libsvtav1: policy 1 priority 99, of a program started after it: policy 1 priority 99
TEXT
env/bin/python look.py 2> messages | tee found
diff expected found
