"""Reading the traverses of a route with several cameras, into a map content for each."""

from __future__ import annotations

from dataclasses import replace

from ..config import CamerasConfig, TrainerConfig
from ..errors import ConfigError, MapError, TopicTypeError
from ..sources.bags import is_bag
from ..support.paths import user_path
from ..support.progress import ProgressCallback
from .cameras import camera_names
from .content import MapContent
from .editing import forget
from .route import read_route


def read_cameras(config: TrainerConfig, progress: ProgressCallback) -> dict[str, MapContent]:
    """
    Read the traverses in `config.bags` once for each camera; frames of the first are the places.

    A place that another camera has no frame of is left out of all, so that all have the same.

    :return: the content for each camera by name; the name of a single one is empty.
    :raises SourceError: if a recording is unusable.
    :raises MapError: if traverses do not fit each other, or cameras do not show the same places.
    :raises ConfigError: if a setting does not fit the input.
    """
    names = camera_names(config.cameras.names)
    if not names:
        if config.cameras.topics:
            raise ConfigError('cameras.topics is of the cameras in cameras.names, but found none')
        return {'': read_route(config, progress)}
    configs = {name: _config_of(config, number) for number, name in enumerate(names)}
    first, *others = names
    contents = {first: _read(first, configs[first], progress)}
    places = len(contents[first].places)
    common = set(range(places))
    found = {first: list(range(places))}
    for name in others:
        seen = _read(name, configs[name], progress, contents[first])
        contents[name], found[name] = seen, _numbers(contents[first], seen)
        if 2 * len(found[name]) < places:
            raise MapError(
                f'camera {name} has a frame of {len(found[name])} of the {places} places of '
                f'{first}: expected most; do their clocks agree, and were both recorded all along?'
            )
        common &= set(found[name])
    return {name: _only(contents[name], found[name], common) for name in names}


def _read(
    name: str, config: TrainerConfig, progress: ProgressCallback, first: MapContent | None = None
) -> MapContent:
    """Read the traverses of a camera; first: of the camera that has defined the places."""
    try:
        return read_route(config, progress, first.origin if first else None, first)
    except TopicTypeError as error:
        raise ConfigError(
            f'camera {name}: {error}; the cameras of one map all send images, or all events '
            f'(input.type is {config.input.type}): train a map of its own for the other kind'
        ) from None


def _numbers(first: MapContent, seen: MapContent) -> list[int]:
    """Return the number in the first camera's content of each place of another one."""
    numbers = []
    for part, own in zip(first.segments.slices, seen.segments.slices):
        at = {place.stamp_ns: part.start + n for n, place in enumerate(first.places[part])}
        numbers += [at[place.stamp_ns] for place in seen.places[own]]
    return numbers


def _only(content: MapContent, numbers: list[int], common: set[int]) -> MapContent:
    """Return the content without places whose numbers are not common."""
    others = [at for at, number in enumerate(numbers) if number not in common]
    return forget(content, others) if others else content


def _config_of(config: TrainerConfig, number: int) -> TrainerConfig:
    """
    Return the configuration for one of several cameras, as if it were the only one.

    :raises ConfigError: if there is not one topic for each camera.
    """
    names, topics = config.cameras.names, config.cameras.topics
    if topics and len(topics) != len(names):
        raise ConfigError(
            f'expected a topic in cameras.topics for each of the {len(names)} cameras '
            f'({", ".join(names)}), found {len(topics)}'
        )
    if config.input.topic:
        raise ConfigError('input.topic is of one camera; name those of several in cameras.topics')
    if config.input.frame_id:
        raise ConfigError('input.frame_id is of one camera; leave it empty with several')
    topic = topics[number] if topics else f'/{names[number]}/image_raw'
    return replace(
        config,
        bags=[bag_of_camera(bag, names[number]) for bag in config.bags],
        input=replace(config.input, topic=topic),
        cameras=CamerasConfig(),
    )


def bag_of_camera(bag: str, camera: str) -> str:
    """Return the traverse of a camera: a bag of all, or a folder of its name with images."""
    folder = user_path(bag)
    own = folder / camera
    return str(own) if own.is_dir() and not is_bag(folder) else bag
