"""Which frames show what the map has not: a new stretch, or a place that has changed."""

from __future__ import annotations

from enum import Enum
from typing import Sequence

from ..arrays import Spikes
from ..config import PlacesConfig
from ..encoding.adaptation import SAME
from ..frames import Pose
from ..maps.places import Due, due_by
from ..statistics import correlation

# A stretch needs this many places: less is a view that was blocked for a moment.
LEAST = 3
# As many frames in a row must be recognised where the map was before, for a stretch to end; and as
# many must be taken for another place than the sequence says, for a place to have changed.
_ROW = 3
# Frames that nothing is recognised in, before it is the map that is missing and not the beginning.
_LOST = 20
# Successive places of the map are this far apart at most, where known ones are driven along.
_STEP = 2


def is_repeat(before: int, now: int) -> bool:
    """Return whether the best places of two successive frames alone follow each other."""
    return 1 <= now - before <= _STEP


def is_stretch(repeats: Sequence[bool]) -> bool:
    """
    Return whether successive places are a new stretch, rather than known places not recognised yet.

    :param repeats: of each place, whether it follows the one before it in the map as it was.
    """
    return len(repeats) >= LEAST and 2 * sum(repeats) < len(repeats)


class Kind(Enum):
    """What a frame is for the map."""

    NOTHING, NEXT, FIRST, CHANGED = range(4)


class Novelty:
    """
    Decides frame by frame, in order.

    A new stretch begins where no place is recognised, and goes on until some that is not its own
    end is; its places are taken as those of the map were. A place has changed where the sequence
    of frames says that the robot is there and the frame alone says otherwise.
    """

    def __init__(self, places: PlacesConfig) -> None:
        """Start off any new stretch."""
        self._config = places
        self._recognised = False
        self._unknown = self._known = self._odd = 0
        self._changed: set[int] = set()
        # Of the present stretch: the rule for places, and the last one.
        self._due: Due | None = None
        self._last: Spikes | None = None
        self._index = 0

    @property
    def on_branch(self) -> bool:
        """Whether a new stretch is being followed."""
        return self._due is not None

    def look(
        self, known: bool, own: bool, stamp_ns: int, pose: Pose | None, spikes: Spikes
    ) -> Kind:
        """
        Return whether the next frame is a place of a new stretch.

        :param known: a place is recognised; own: it is at the end of the present stretch.
        :param pose: in any frame of reference, for places by metres.
        :param spikes: uint8 (inputs,) of the frame.
        """
        if known and not own:
            self._recognised, self._unknown = True, 0
            self._known += 1
            if self._known >= _ROW:
                self._end_branch()
            return Kind.NOTHING
        self._known = 0
        self._unknown += 1
        if not self.on_branch:
            if not self._recognised and self._unknown < _LOST:
                return Kind.NOTHING
            self._due = due_by(self._config)
        assert self._due is not None
        index, self._index = self._index, self._index + 1
        if not self._due(index, stamp_ns, pose) or self._is_same(spikes):
            return Kind.NOTHING
        kind = Kind.FIRST if self._last is None else Kind.NEXT
        self._last = spikes
        return kind

    def has_changed(self, place: int, odd: bool) -> bool:
        """
        Return whether a recognised place looks different from now on; once for each place.

        :param odd: the frame alone shows another place.
        """
        self._odd = self._odd + 1 if odd else 0
        if self._odd < _ROW or place in self._changed:
            return False
        self._changed.add(place)
        return True

    def _end_branch(self) -> None:
        self._due, self._last, self._index = None, None, 0

    def _is_same(self, spikes: Spikes) -> bool:
        if self._last is None:
            return False
        found = correlation(spikes, self._last)
        return found is None or found > SAME
