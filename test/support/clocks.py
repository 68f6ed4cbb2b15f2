"""The clocks of topics."""

from __future__ import annotations

import numpy as np

from support.helpers import SECOND, START
from vprtempo_ros.sources.stamps import Stamps

TENTH = SECOND // 10


def stamps(name: str, received: list[int], stamped: list[int]) -> Stamps:
    """Return the clocks of a topic."""
    return Stamps(name, np.array(received, np.int64), np.array(stamped, np.int64))


def steady(count: int, begin: int = START, period: int = TENTH) -> list[int]:
    """Return times at a steady rate."""
    return [begin + number * period for number in range(count)]
