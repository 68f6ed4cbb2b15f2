"""What the worker uses of Lava's ports and variables, as protocols: Lava has no types."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Port(Protocol):
    """A port of a Lava process."""

    shape: tuple[int, ...]

    def connect(self, target: Port) -> None:
        """Connect an output to an input."""


class Variable(Protocol):
    """A variable of a Lava process."""

    shape: tuple[int, ...]


class Reader(Protocol):
    """A process that passes values to the host."""

    def receive(self) -> NDArray[np.int32]:
        """Return the next value; waits for it."""
