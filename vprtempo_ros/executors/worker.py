"""
A worker of executor processes: `python -m vprtempo_ros.executors.worker DESCRIPTOR`.

It works on the tasks that come through the pipe, and ends when the other end closes it, in the
middle of a task too. Only the process that started it can write to the pipe.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
import traceback
from multiprocessing.connection import Connection

from ..errors import VprError
from .executor import seldom

PROGRESS, RESULT, REFUSED, FAILED = 'progress', 'result', 'refused', 'failed'


def main() -> int:
    """Work until the pipe is closed."""
    # Ctrl-C goes to all processes of a terminal; the other end decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    connection = Connection(int(sys.argv[1]))
    ending = threading.Thread(target=_end_with, args=(connection.fileno(),), daemon=True)
    ending.start()
    try:
        while True:
            work, task = connection.recv()
            try:
                progress = seldom(lambda done, total: connection.send((PROGRESS, (done, total))))
                answer = RESULT, work(task, progress)
            except VprError as error:
                answer = REFUSED, error
            except MemoryError:
                raise
            except Exception:  # noqa: BLE001 - raised again at the other end
                answer = FAILED, traceback.format_exc()
            connection.send(answer)
    except (EOFError, OSError):
        # One thread ends the process: Python that is taken apart in another one may crash.
        ending.join()
        return 0


def _end_with(descriptor: int) -> None:
    """End this process when the other end of the pipe closes."""
    poll = select.poll()
    # Hangup is always reported, and nothing else is asked for.
    poll.register(descriptor, 0)
    poll.poll()
    os._exit(1)


if __name__ == '__main__':
    sys.exit(main())
