"""Learning on the road: the places of a map that are new or have changed, frame by frame."""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

from ..arrays import Scores, Spikes
from ..encoding.adaptation import standardise
from ..frames import Image, Pose
from ..maps.frame_encoding import thumbnail
from ..maps.map import Map
from ..maps.places import Place
from ..maps.samples import SampleEncoder
from ..matching.match import Match
from ..matching.normalisation import Normaliser
from ..matching.stages import FrameTiming
from ..statistics import Statistics
from .basis import Basis
from .growing import GrowingMap, Seen
from .journal import JournalHead, JournalWriter, LearntFrame
from .novelty import Kind, Novelty, is_repeat, is_stretch
from .reckoning import Reckoning

# The network with new places is taken up no more often than this many times as long as that takes.
_SELDOM = 10.0


class Sighting(NamedTuple):
    """
    A frame with its match.

    light: statistics of the pixels on the drive by then; pose: of a recognised place, None if it
    is unknown or the map has none; odometry: the robot's pose in the frame of the odometry;
    restarts: how often that began again.
    """

    image: Image
    stamp_ns: int
    match: Match
    light: Statistics
    pose: Pose | None = None
    odometry: Pose | None = None
    restarts: int = 0


class _Waiting(NamedTuple):
    """A place of a stretch that is not in the network yet, and the light by then."""

    branch: int
    seen: Seen
    light: Statistics


class Counts(NamedTuple):
    """
    What was learnt.

    new, branches: places of new stretches, and the number of these; changed: places that look
    different; mean, longest: seconds that a frame took that was learnt.
    """

    new: int
    branches: int
    changed: int
    mean: float
    longest: float

    @property
    def places(self) -> int:
        """New and changed places."""
        return self.new + self.changed


class Learner:
    """
    Extends a map by what is seen, in the thread that recognises places.

    What is learnt goes to a journal at once, and into the network as soon as its fit is known
    (`use`). Memory is bounded by the number of new places. problem: why no more is learnt.
    """

    def __init__(self, loaded: Map, file: Path, head: JournalHead, room: int) -> None:
        """
        Begin the journal.

        :param room: maximum number of new places.
        :raises MapError: if the journal cannot be made.
        """
        self._loaded, self._room, self._head = loaded, room, head
        self._encode = SampleEncoder(loaded.config)
        self._novelty = Novelty(loaded.config.places)
        self._reckoning = Reckoning()
        self._growing: GrowingMap | None = None
        self._adapt = loaded.config.encoding.adapt
        # Of the present stretch, or of stretches before the fit is known: not in the network yet.
        self._waiting: list[_Waiting] = []
        # Frames taken for new places, and for changed ones; seconds that they took.
        self._taken = self._changed = 0
        self._spent = self._longest = 0.0
        # Of each stretch, and the best place of its last frame alone.
        self._repeats: list[list[bool]] = []
        self._alone = 0
        self._opened = 0
        # Places at the end of the present stretch, which begins at `first`.
        self._own, self._first = range(0), 0
        self._stale = False
        self._due = 0.0
        self._full = ''
        self.journal = JournalWriter(file, head)

    @property
    def counts(self) -> Counts:
        """What was learnt so far."""
        whole = [len(each) for each in self._repeats if is_stretch(each)]
        mean = self._spent / max(self._taken + self._changed, 1)
        return Counts(sum(whole), len(whole), self._changed, mean, self._longest)

    @property
    def problem(self) -> str:
        """Why no more is learnt; empty: it is."""
        return self.journal.problem or self._full

    @property
    def in_network(self) -> int:
        """Number of new places that are recognised already, or with the next network."""
        return len(self._growing) - self._growing.base if self._growing else 0

    def use(self, basis: Basis) -> None:
        """Let new places be recognised from now on."""
        self._growing = GrowingMap(self._loaded, basis, self._room)
        self._grow()

    def see(self, sighting: Sighting) -> None:
        """Learn the next frame, if it is worth it."""
        if self.problem:
            return
        started = time.perf_counter()
        match, taken = sighting.match, self._taken + self._changed
        base, place = len(self._loaded.places), match.place
        pose = self._reckoning.see(sighting.pose, sighting.odometry, sighting.restarts)
        alone = self._best_alone(match.similarity)
        if place is not None and place < base:
            self._look_again(sighting, place, alone)
        own = place is not None and place in self._own
        # Encoded with all variants only where it is learnt: that takes longest.
        spikes = self._encode.frame(sighting.image)
        shown = self._shown(spikes, sighting.light)
        kind = self._novelty.look(
            place is not None, own, sighting.stamp_ns, sighting.odometry or pose, shown
        )
        if kind in (Kind.FIRST, Kind.NEXT):
            self._add_place(sighting, pose, alone, kind is Kind.FIRST)
        if self._taken + self._changed > taken:
            seconds = time.perf_counter() - started
            self._spent += seconds
            self._longest = max(self._longest, seconds)

    def grown(self) -> Map | None:
        """Return the map with new places, if it has some that the one in use has not."""
        if self._growing is None or not self._stale or time.monotonic() < self._due:
            return None
        self._stale = False
        return self._growing.map()

    def took(self, seconds: float) -> None:
        """Say how long it took to take up a grown map."""
        self._due = time.monotonic() + _SELDOM * seconds

    def close(self) -> None:
        """Write what waits for the disk."""
        self.journal.close()

    def _shown(self, spikes: Spikes, light: Statistics) -> Spikes:
        return standardise(spikes, light) if self._adapt else spikes

    def _best_alone(self, similarity: Scores) -> int:
        """Return the best place by the similarities (places,) of one frame."""
        known = self._loaded.response_statistics
        if self._growing is not None:
            if self._repeats and self._opened == len(self._repeats):
                # Not those of the present stretch, whose last one each next frame resembles.
                similarity = similarity[: self._first]
            known = self._growing.statistics(len(similarity))
        return int(Normaliser(known)(similarity, FrameTiming(0)).argmax())

    def _look_again(self, sighting: Sighting, place: int, alone: int) -> None:
        """Learn a place that has changed."""
        if self._growing is None:
            return
        if not self._novelty.has_changed(place, not self._growing.near(place, alone)):
            return
        spikes = self._encode(sighting.image)
        frame = LearntFrame(
            sighting.stamp_ns, str(sighting.stamp_ns), spikes, sighting.light, place=place
        )
        if self.journal.add(frame):
            self._growing.change(place, self._shown(spikes, sighting.light))
            self._stale = True
            self._changed += 1

    def _add_place(self, sighting: Sighting, pose: Pose | None, alone: int, first: bool) -> None:
        if self._taken == self._room:
            self._full = (
                f'{self._room} new places are learnt, as many as learning.max_places allows: call '
                '~/learn_stop, then go on with ~/learn_start'
            )
            return
        if first:
            # What waits of the stretch before is no new one.
            self._waiting = [each for each in self._waiting if self._is_whole(each.branch)]
            self._repeats.append([])
            self._own = range(0)
        repeat = not first and is_repeat(self._alone, alone)
        self._alone = alone
        self._repeats[-1].append(repeat)
        branch = len(self._repeats) - 1
        spikes, name = self._encode(sighting.image), str(sighting.stamp_ns)
        small = thumbnail(sighting.image)
        light = Statistics(sighting.light.mean.copy(), sighting.light.std.copy())
        frame = LearntFrame(
            sighting.stamp_ns, name, spikes, light, branch, None, repeat, pose, small
        )
        if not self.journal.add(frame):
            return
        self._taken += 1
        place = Place(sighting.stamp_ns, pose, self._head.source, name)
        samples = self._shown(spikes, light)
        self._waiting.append(_Waiting(branch, Seen(place, small, spikes[0], samples), light))
        self._grow()

    def _is_whole(self, branch: int) -> bool:
        """Return whether the places of a stretch are to be recognised."""
        return branch < self._opened or is_stretch(self._repeats[branch])

    def _grow(self) -> None:
        """Add to the network what waits, of stretches that have enough places."""
        growing = self._growing
        if growing is None:
            return
        whole = {each.branch for each in self._waiting if self._is_whole(each.branch)}
        for branch, seen, light in [each for each in self._waiting if each.branch in whole]:
            if growing.full:
                break
            if branch >= self._opened:
                growing.open_branch(light)
                self._opened = branch + 1
                self._first = len(growing)
            number = growing.add(seen)
            # Not all of it: it may be a loop.
            self._own = range(max(self._first, number - growing.end), number + 1)
            self._stale = True
        self._waiting = [each for each in self._waiting if each.branch not in whole]


def head_of(loaded: Map, digest: str, source: str) -> JournalHead:
    """Return what a journal of this map begins with; digest: checksum of its map.yaml."""
    variants = 1 + len(loaded.encoder.profile.changes if loaded.config.training.augment else ())
    return JournalHead(digest, source, variants, loaded.encoder.length)
