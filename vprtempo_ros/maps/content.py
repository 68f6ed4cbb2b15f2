"""What a map is made from: places, and what their frames show. Fitting turns it into a map."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Sequence

import numpy as np

from ..arrays import Indices
from ..config import TrainerConfig
from ..encoding.encoder import Encoder
from ..network.segments import Segments
from ..sources.poses import Origin
from .map import Sensor, TraverseRecord
from .places import Place
from .samples import TraverseSamples
from .training_data import TrainingData


@dataclass(frozen=True)
class MapContent:
    """
    The places of one or more drives, without their images.

    encoder: that of `config`; thumbnails: a JPEG for each place; segments: which places follow each
    other; records: what was read of each traverse of `data`; labels: names of places.
    """

    config: TrainerConfig
    encoder: Encoder
    places: list[Place]
    segments: Segments
    thumbnails: Sequence[bytes]
    sensor: Sensor
    origin: Origin | None
    records: list[TraverseRecord]
    data: TrainingData
    labels: dict[int, str] = field(default_factory=dict)

    @property
    def adapt(self) -> bool:
        """Whether each traverse is standardised."""
        return self.config.encoding.adapt

    @property
    def traverses(self) -> list[TraverseSamples]:
        """The samples of each traverse."""
        return self.data.traverses

    def starts_of_traverses(self) -> Indices:
        """Return the number of the traverse of each segment, int64 (segments,)."""
        return np.asarray(self.data.reference_of()[self.segments.bounds[:-1]])
