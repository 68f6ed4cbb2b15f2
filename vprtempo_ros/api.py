"""Building and loading maps from Python, with the settings of `trainer_node`."""

from __future__ import annotations

from pathlib import Path
from typing import Mapping, Sequence

from .config import TrainerConfig
from .errors import ConfigError
from .maps.building import build_map as _build
from .maps.map import Map
from .maps.store import check_destination, save
from .maps.store import load as load_map
from .options import Value, from_flat
from .support.progress import ProgressCallback, silent

__all__ = ['build_map', 'load_map']


def build_map(
    bags: str | Path | Sequence[str | Path],
    path: str | Path,
    settings: Mapping[str, Value] | None = None,
    overwrite: bool = False,
    progress: ProgressCallback = silent,
) -> Map:
    """
    Train a map from recordings of a route and save it.

    :param bags: bags or folders of images; the first one defines the places.
    :param path: folder to write the map to.
    :param settings: parameters of `trainer_node` by name, as in docs/parameters.md, for example
        {'places.by': 'metres', 'places.spacing': 1.0}.
    :param overwrite: replace an existing map.
    :raises VprError: if a setting, a recording or the destination cannot be used.
    """
    given = dict(settings or {})
    for name in ('bags', 'map', 'overwrite'):
        if name in given:
            raise ConfigError(f'settings: {name} is an argument of build_map')
    sources = [bags] if isinstance(bags, (str, Path)) else list(bags)
    for source in sources:
        if not isinstance(source, (str, Path)):
            raise ConfigError(
                'bags: expected paths of bags or of folders of images, found '
                f'{type(source).__name__}: write images to a folder'
            )
    config = from_flat(
        TrainerConfig,
        {**given, 'bags': [str(bag) for bag in sources], 'map': str(path), 'overwrite': overwrite},
    )
    check_destination(path, overwrite)
    built = _build(config, progress)
    save(built, path, overwrite)
    return built
