"""Drives during which a map is extended, without ROS."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from vprtempo_ros.arrays import Scores, Spikes
from vprtempo_ros.encoding.adaptation import standardise
from vprtempo_ros.frames import Frame, Pose
from vprtempo_ros.learning.basis import BasisTask, basis_of
from vprtempo_ros.learning.finishing import Finished, FinishTask, finish_learning
from vprtempo_ros.learning.journal import journal_of
from vprtempo_ros.learning.learner import Learner, Sighting, head_of
from vprtempo_ros.maps.document import MAP
from vprtempo_ros.maps.map import Map
from vprtempo_ros.maps.store import checksums, load
from vprtempo_ros.matching.match import Match
from vprtempo_ros.matching.stages import FrameTiming
from vprtempo_ros.recogniser import Recogniser
from vprtempo_ros.statistics import Statistics
from vprtempo_ros.support.progress import silent

SOURCE = 'learnt on the road'


class LearningDrive:
    """A robot that recognises places of a map and learns others, as vpr_node does."""

    def __init__(self, folder: Path, room: int = 100) -> None:
        loaded = load(folder)
        self._folder = folder
        self._recogniser = Recogniser(loaded)
        head = head_of(loaded, checksums(folder)[MAP], SOURCE)
        self.learner = Learner(loaded, journal_of(folder), head, room)

    def use_basis(self) -> None:
        """Let new places be recognised."""
        self.learner.use(basis_of(BasisTask(str(self._folder)), silent))

    def __call__(
        self,
        frames: Sequence[Frame],
        pose: Callable[[Match], Pose | None] = lambda match: None,
        believed: Sequence[int] = (),
    ) -> list[int | None]:
        """
        Drive along frames; return the places that were recognised.

        :param pose: of a match; believed: places that are recognised, not by what the frames show.
        """
        found = []
        for number, frame in enumerate(frames):
            ((_, match),) = self._recogniser.submit(frame.image, FrameTiming(frame.stamp_ns), 0)
            if believed:
                place = np.array([believed[number]])
                match = replace(match, places=place, confidences=np.array([0.9]))
            light = self._light
            self.learner.see(
                Sighting(frame.image, frame.stamp_ns, match, light, pose(match), frame.pose)
            )
            grown = self.learner.grown()
            if grown is not None:
                after = Recogniser(grown)
                after.continue_from(self._recogniser)
                self._recogniser.close()
                self._recogniser = after
            found.append(match.place)
        return found

    def alone(self, frames: Sequence[Frame]) -> list[int]:
        """Return the best place of each frame by itself."""
        return [int(self.similarity(frame).argmax()) for frame in frames]

    def similarity(self, frame: Frame) -> Scores:
        """Return the response of all places, float32 (places,)."""
        ((_, match),) = self._recogniser.submit(frame.image, FrameTiming(frame.stamp_ns), 0)
        return match.similarity

    def encoded(self, frame: Frame) -> Spikes:
        """Return the spikes of a frame as the network takes them."""
        shown: Spikes = standardise(self._recogniser.map.encoder(frame.image), self._light)
        return shown

    @property
    def map(self) -> Map:
        """The map in use."""
        return self._recogniser.map

    @property
    def _light(self) -> Statistics:
        return self._recogniser.light('')

    def end(self) -> None:
        """End the drive without finishing it, as a node that ends."""
        self.learner.close()
        self._recogniser.close()


def finished(folder: Path) -> Finished:
    """Make the next revision of what was learnt."""
    return finish_learning(FinishTask(str(folder)), silent)
