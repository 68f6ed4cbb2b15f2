"""What a map is: places, the network that knows them, and how both came about."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..config import TrainerConfig
from ..network.layers import Network
from .places import Place

FORMAT_VERSION = 1


@dataclass
class Map:
    """
    A trained map in memory.

    sensor: what the reference frames came from: type, width, height. provenance: software,
    creation time, and for each traverse its source and frames used; plain values throughout.
    thumbnails: one JPEG for each place. origin: latitude, longitude and altitude of (0, 0, 0)
    where poses come from GPS.
    """

    config: TrainerConfig
    places: list[Place]
    network: Network
    thumbnails: list[bytes]
    sensor: dict[str, Any]
    provenance: dict[str, Any] = field(default_factory=dict)
    origin: tuple[float, float, float] | None = None
