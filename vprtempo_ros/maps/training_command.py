"""The command that trains a map again, for maps that cannot be edited."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

from ..config import TrainerConfig
from ..options import to_flat
from .map import Map

# By default, with which maps can be edited.
_DEFAULT = ('method', 'outputs', 'readout', 'quantize', 'keep_samples')


def training_command(loaded: Map, folder: Path) -> str:
    """Return the command that trains a map from its recordings so that it can be edited."""
    default, values = to_flat(TrainerConfig()), to_flat(loaded.config)
    values |= {f'training.{name}': default[f'training.{name}'] for name in _DEFAULT}
    values |= {'map': str(folder), 'overwrite': True}
    # Values are YAML, of which JSON is a part.
    words = [
        shlex.quote(f'{name}:={json.dumps(value)}')
        for name, value in values.items()
        if value != default[name]
    ]
    return f'ros2 run vprtempo_ros trainer_node --ros-args -p {" -p ".join(words)}'
