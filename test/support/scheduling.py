"""The scheduling of a test's process, which all that it starts inherits."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import Iterator


@contextmanager
def own_scheduling() -> Iterator[list[int]]:
    """
    Give this thread back its scheduling policy and priority.

    Yields a list that is empty, and at the end holds the policy found if it was another one.
    SVT-AV1 makes a process that encodes one of real time, of the highest priority, where it may, as
    root. Nodes and browsers that the process starts then keep all others from the processors.
    """
    policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    changed: list[int] = []
    try:
        yield changed
    finally:
        if (found := os.sched_getscheduler(0)) != policy:
            os.sched_setscheduler(0, policy, parameters)
            changed.append(found)
