"""
The neural network of encoder `descriptor` in a map: `descriptor.onnx`.

A map carries it, so that a robot has everything it needs in one folder.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..config import TrainerConfig
from ..encoding.descriptor import DescriptorEncoder
from ..encoding.onnx_file import read_model
from ..errors import MapError

MODEL = 'descriptor.onnx'


def write_model(config: TrainerConfig, folder: Path) -> TrainerConfig:
    """
    Copy the network into the folder of a map, if the encoder has one.

    :returns: the configuration to be kept in the map, which names the copy.
    :raises ConfigError: if the file is gone.
    """
    if config.encoding.encoder != DescriptorEncoder.name:
        return config
    (folder / MODEL).write_bytes(read_model(config.encoding.descriptor.model))
    return naming_model(config)


def naming_model(config: TrainerConfig) -> TrainerConfig:
    """Return the configuration to be kept in a map that has the network already."""
    if config.encoding.encoder != DescriptorEncoder.name:
        return config
    return _with_model(config, MODEL)


def locate_model(config: TrainerConfig, folder: Path) -> TrainerConfig:
    """
    Return the configuration of a map with the path of its network.

    :raises MapError: if the map names another file.
    """
    if config.encoding.encoder != DescriptorEncoder.name:
        return config
    found = config.encoding.descriptor.model
    if found != MODEL:
        raise MapError(
            f'encoding.descriptor.model: expected {MODEL} in a map, found {found!r:.200}'
        )
    return _with_model(config, str(folder / MODEL))


def _with_model(config: TrainerConfig, model: str) -> TrainerConfig:
    descriptor = replace(config.encoding.descriptor, model=model)
    return replace(config, encoding=replace(config.encoding, descriptor=descriptor))
