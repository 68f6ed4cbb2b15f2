"""One camera of a recording on the command line, and its poses: a topic, or a file next to it."""

from __future__ import annotations

import argparse
from typing import Union

from ..config import PosesConfig
from ..errors import ConfigError
from ..options import from_flat

# A parser or a group of one.
Options = Union[argparse.ArgumentParser, 'argparse._ArgumentGroup']


def add_frame_id(parser: Options) -> None:
    """Add the choice of one of several cameras on a topic."""
    parser.add_argument(
        '--frame-id',
        default='',
        metavar='FRAME',
        help='only images of this coordinate frame (default: all of the topic)',
    )


def add_poses(parser: Options) -> None:
    """Add the options to a parser or a group of one."""
    parser.add_argument(
        '--poses', default='', metavar='TOPIC', help='pose topic of the bag (default: the only one)'
    )
    for name in ('fixed', 'robot'):
        parser.add_argument(
            f'--{name}-frame',
            default='',
            metavar='FRAME',
            help=f'poses of /tf: as poses.{name}_frame of trainer_node',
        )
    parser.add_argument(
        '--poses-file',
        default='',
        metavar='FILE',
        help='file with the poses instead, as poses.file of trainer_node',
    )
    parser.add_argument(
        '--poses-offset',
        type=float,
        default=0.0,
        metavar='SECONDS',
        help='added to the stamps of the poses in the file',
    )


def poses_config(given: argparse.Namespace, used: bool, rule: str) -> PosesConfig:
    """
    Return where the poses are; none where they are not used, since they may be invalid then.

    :param rule: when they are, in words.
    :raises ConfigError: for poses that are not used, or a wrong offset.
    """
    options = {
        'poses': 'topic',
        'fixed_frame': 'fixed_frame',
        'robot_frame': 'robot_frame',
        'poses_file': 'file',
        'poses_offset': 'offset',
    }
    for name in options:
        if getattr(given, name) and not used:
            raise ConfigError(f'--{name.replace("_", "-")} {rule}')
    if not used:
        return PosesConfig(topic='none')
    return from_flat(
        PosesConfig, {option: getattr(given, name) for name, option in options.items()}
    )
