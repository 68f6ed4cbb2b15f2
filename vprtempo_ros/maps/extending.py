"""A map that grows by what is recorded, with the settings that it was made with."""

from __future__ import annotations

from dataclasses import replace

from ..config import TrainerConfig
from ..encoding.encoder import sensor_type
from ..errors import MapError
from ..support.paths import user_path
from ..support.progress import ProgressCallback
from .document import MAP
from .editing import add_stretches
from .map import Map
from .revisions import edit, load_editable


def extends(config: TrainerConfig) -> bool:
    """Return whether recordings are to be added to a map that is there."""
    wanted = config.live.enabled and config.live.extend and bool(config.map)
    return wanted and (user_path(config.map) / MAP).is_file()


def settings_of_map(config: TrainerConfig) -> TrainerConfig:
    """
    Return a configuration with what the map in it was made with; topics stay.

    :raises MapError: if the map cannot be edited, or is of another sensor.
    """
    loaded = load_editable(config.map)
    if loaded.sensor.type != sensor_type(config):
        raise MapError(
            f'{config.map} was made from a sensor of type {loaded.sensor.type}, but input.type is '
            f'{config.input.type}: choose another map, or set live.extend to false'
        )
    made = loaded.config
    return replace(
        config,
        encoding=made.encoding,
        places=made.places,
        training=made.training,
        input=replace(config.input, events=made.input.events),
    )


def extend(config: TrainerConfig, progress: ProgressCallback) -> Map:
    """
    Add the places of a recording, `config.bags[0]`, to the map at `config.map`.

    :return: the new revision.
    :raises VprError: if it cannot be added; the map is then unchanged.
    """
    bag = config.bags[0]
    return edit(
        config.map,
        f'add {bag}',
        lambda content: add_stretches(content, [bag], progress, config),
        progress,
    )
