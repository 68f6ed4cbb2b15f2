"""The status of learning on the road."""

from __future__ import annotations

from typing import NamedTuple

from .status import Level, Status

COMPONENT = 'learning'


class LearningState(NamedTuple):
    """
    What is being learnt.

    state: off, learning or finishing; new, branches, changed: places of new stretches, the number
    of these, places that look different; recognised: new places that are recognised already;
    written, size: frames in the journal, and its bytes; mean, longest: seconds that a place took;
    problem: why it failed, empty if not.
    """

    state: str
    new: int = 0
    branches: int = 0
    changed: int = 0
    recognised: int = 0
    written: int = 0
    size: int = 0
    mean: float = 0.0
    longest: float = 0.0
    problem: str = ''


def learning_status(state: LearningState) -> Status:
    """Return the status."""
    values = [('state', state.state)]
    if state.state == 'learning':
        values += [
            ('new places', str(state.new)),
            ('new stretches', str(state.branches)),
            ('changed places', str(state.changed)),
            ('new places recognised', str(state.recognised)),
            ('frames in the journal', str(state.written)),
            ('journal (MB)', f'{state.size / 1e6:.2f}'),
            ('time of a place (ms)', f'{state.mean * 1e3:.1f}'),
            ('longest time of a place (ms)', f'{state.longest * 1e3:.1f}'),
        ]
    if state.problem:
        return Status(COMPONENT, Level.ERROR, state.problem, values)
    return Status(COMPONENT, Level.OK, state.state, values)
