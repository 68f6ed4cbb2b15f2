"""From the configuration of vpr_node to a map that answers, or the reason why there is none."""

from __future__ import annotations

import time
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sensor_msgs.msg import CompressedImage, Image

from ...backends import default_backend
from ...config import EVENTS, NodeConfig
from ...errors import ConfigError
from ...events.packet import Size
from ...health.map_on_disk import MapOnDisk
from ...maps.map import Map
from ...maps.store import load
from ...recogniser import Recogniser
from ...sources.cdr import COMPRESSED, IMAGE, prepare
from ...sources.poses import ODOMETRY

if TYPE_CHECKING:
    from .event_input import EventInput

_IMAGES: dict[str, tuple[type, str]] = {
    'image': (Image, IMAGE),
    'compressed': (CompressedImage, COMPRESSED),
}


@dataclass(frozen=True)
class LoadedMap:
    """
    A map with its backend running, and what its input is.

    path: as asked for. message: type to subscribe to. type_name: its name. events: what makes
    images of these messages, if they hold events. on_disk: the folder as it was. summary: one line
    for the log.
    """

    path: str
    recogniser: Recogniser
    message: type
    type_name: str
    events: EventInput | None
    on_disk: MapOnDisk
    summary: str

    def close(self) -> None:
        """Stop the backend."""
        self.recogniser.close()


def load_map(config: NodeConfig, seen: Size | None = None) -> LoadedMap:
    """
    Load the map that the configuration names and start its backend; the configuration is kept.

    :param seen: width and height of what the input is known to send, for a map that is to fit.
    :raises VprError: if the map is missing or damaged, is not of this input, or no backend can run.
    """
    if not config.map:
        raise ConfigError(
            'no map given: set the parameter map to the folder that trainer_node wrote'
        )
    started = time.monotonic()
    on_disk = MapOnDisk(config.map)
    loaded = load(config.map)
    backend, reason = deepcopy(config.backend), 'as asked by backend.name'
    if not backend.name:
        backend.name, reason = default_backend(loaded.network)
    _check_input(loaded, config, seen)
    events = None
    if config.input.type == EVENTS:
        # Compiled loops and messages come with it: only when asked for.
        from .event_input import EventInput

        events = EventInput(config.input, loaded)
        message, type_name = events.message, events.type_name
    else:
        message, type_name = _IMAGES[config.input.type]
        prepare(type_name)
    if config.input.odometry:
        prepare(ODOMETRY)
    recogniser = Recogniser(loaded, backend, config.match, config.input.any_size)
    detail = getattr(recogniser.backend, 'detail', '')
    summary = (
        f'map {config.map}: {len(loaded.places)} places in {loaded.network}, '
        f'loaded in {time.monotonic() - started:.2f} s; backend {backend.name} ({reason}), '
        f'{backend.threads} thread(s)' + (f', {detail}' if detail else '')
    )
    return LoadedMap(config.map, recogniser, message, type_name, events, on_disk, summary)


def _check_input(loaded: Map, config: NodeConfig, seen: Size | None) -> None:
    """Refuse a map of another kind of sensor than the input's, or of another size."""
    of_events, asked = loaded.sensor.type == EVENTS, config.input.type
    if of_events != (asked == EVENTS):
        made, use = ('events', EVENTS) if of_events else ('images', 'image or compressed')
        raise ConfigError(
            f'{config.map} was made from {made} of a sensor of '
            f'{loaded.sensor.width}x{loaded.sensor.height} pixels, but '
            f'input.type is {asked}: set it to {use}, or train a map for it'
        )
    size = loaded.sensor.size if of_events else loaded.image_size()
    if seen is not None and seen != size and not config.input.any_size:
        raise ConfigError(
            f'{config.map} is of {size[0]}x{size[1]} pixels, but the input is of '
            f'{seen[0]}x{seen[1]} (input.any_size accepts it): choose another map, '
            'or train one for it'
        )
