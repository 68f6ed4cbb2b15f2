"""Loading the map of vpr_node and starting its backend, or the reason why it is refused."""

from __future__ import annotations

import time
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Iterable, Mapping

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
from ...support.several import several
from .cameras import Camera, cameras_of

if TYPE_CHECKING:
    from .event_input import EventInput

_IMAGES: dict[str, tuple[type, str]] = {
    'image': (Image, IMAGE),
    'compressed': (CompressedImage, COMPRESSED),
}


@dataclass(frozen=True)
class LoadedMap:
    """
    A map with its running backend and its input.

    path: as in the configuration. cameras: by name, of which one alone may have none. message: the
    class of the messages to subscribe to; type_name: the name of their type. events: makes images
    of event messages, None for images. on_disk: the folder at the time of loading. summary: one
    line for the log. route: the same object for revisions of one map, where a robot that is
    followed is found again.
    """

    path: str
    recogniser: Recogniser
    cameras: dict[str, Camera]
    message: type
    type_name: str
    events: EventInput | None
    on_disk: MapOnDisk
    summary: str
    route: object = field(default_factory=object)

    def close(self) -> None:
        """Stop the backend."""
        self.recogniser.close()


def load_map(config: NodeConfig, seen: Mapping[str, Size | None] | None = None) -> LoadedMap:
    """
    Load the map of the configuration and start its backend.

    :param seen: by camera, width and height of the images or events received so far, which the map
        must fit; None: it may have any cameras.
    :raises VprError: if the map is missing, damaged or of another sensor, or no backend can run.
    """
    if not config.map:
        raise ConfigError(
            'no map given: set the parameter map to the folder that trainer_node wrote'
        )
    started = time.monotonic()
    on_disk = MapOnDisk(config.map)
    loaded = load(config.map)
    backend, reason = deepcopy(config.backend), 'as set by backend.name'
    if not backend.name:
        backend.name, reason = default_backend(loaded.network)
    cameras = cameras_of(loaded, config)
    if seen is not None and set(seen) != set(cameras):
        raise ConfigError(
            f'{config.map} is of {_named(cameras)}, but the node listens to {_named(seen)}: '
            'deactivate it first'
        )
    for name, camera in cameras.items():
        _check_input(camera.map, config, (seen or {}).get(name))
    if config.tf.publish:
        _check_transforms(loaded, config)
    events = None
    if config.input.type == EVENTS:
        # Imports compiled loops and messages that only events need.
        from .event_input import EventInput

        events = EventInput(config.input, loaded)
        message, type_name = events.message, events.type_name
    else:
        message, type_name = _IMAGES[config.input.type]
        prepare(type_name)
    if config.uses_odometry:
        prepare(ODOMETRY)
    recogniser = Recogniser(
        {name: camera.map for name, camera in cameras.items()},
        backend,
        config.match,
        config.input.any_size,
    )
    detail = getattr(recogniser.backend, 'detail', '')
    summary = (
        f'map {config.map}: revision {loaded.revision}, {several(len(loaded.places), "place")} in '
        f'{loaded.network}{f" for {_named(cameras)}" if len(cameras) > 1 else ""}, '
        f'loaded in {time.monotonic() - started:.2f} s; backend {backend.name} ({reason}), '
        f'{backend.threads} thread(s)' + (f', {detail}' if detail else '')
    )
    return LoadedMap(config.map, recogniser, cameras, message, type_name, events, on_disk, summary)


def _named(cameras: Iterable[str]) -> str:
    names = [name for name in cameras if name]
    return f'the cameras {", ".join(names)}' if names else 'one camera'


def transform_message() -> Any:
    """
    Return the message class of transforms.

    :raises ConfigError: if its package is not installed.
    """
    try:
        from tf2_msgs.msg import TFMessage
    except ImportError:
        raise ConfigError(
            'tf.publish: tf2_msgs is not installed: apt install ros-$ROS_DISTRO-tf2-msgs, in a '
            'checkout make setup, or set tf.publish to false'
        ) from None
    return TFMessage


def _check_transforms(loaded: Map, config: NodeConfig) -> None:
    """Refuse to publish transforms without poses, or without their message."""
    transform_message()
    if not any(place.pose for place in loaded.places):
        raise ConfigError(
            f'tf.publish needs a map with poses, but {config.map} has none: train it with '
            'poses.topic, or set tf.publish to false'
        )


def _check_input(loaded: Map, config: NodeConfig, seen: Size | None) -> None:
    """Refuse a map of another sensor or image size than the input's."""
    of_events, input_type = loaded.sensor.type == EVENTS, config.input.type
    if of_events != (input_type == EVENTS):
        made, use = ('events', EVENTS) if of_events else ('images', 'image or compressed')
        raise ConfigError(
            f'{config.map} was made from {made} of a sensor of '
            f'{loaded.sensor.width}x{loaded.sensor.height} pixels, but '
            f'input.type is {input_type}: set it to {use}, or train a map for it'
        )
    size = loaded.sensor.size if of_events else loaded.image_size()
    if seen is not None and seen != size and not config.input.any_size:
        raise ConfigError(
            f'{config.map} is for {size[0]}x{size[1]} pixels, but the input has '
            f'{seen[0]}x{seen[1]} (input.any_size accepts it): choose another map, '
            'or train one for it'
        )
