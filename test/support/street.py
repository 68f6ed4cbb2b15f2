"""The short rendered route that many tests drive along."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from vprtempo_ros.config import TrainerConfig
from vprtempo_ros.demo.recordings import Recordings
from vprtempo_ros.frames import Frame
from vprtempo_ros.maps.store import load
from vprtempo_ros.sources.traverse import open_traverse


@dataclass(frozen=True)
class Street:
    """A short rendered route: its two recordings, and a map trained from the first."""

    recordings: Recordings
    map: Path

    def frames(self, name: str = 'reference') -> list[Frame]:
        """Return all frames of a recording."""
        config = TrainerConfig()
        traverse, _ = open_traverse(str(getattr(self.recordings, name)), config.input, config.poses)
        return list(traverse)

    def places(self) -> list[Frame]:
        """Return the reference frames of the places of the map."""
        return list(self._places)

    @cached_property
    def _places(self) -> list[Frame]:
        stamps = {place.stamp_ns for place in load(self.map).places}
        return [frame for frame in self.frames() if frame.stamp_ns in stamps]
