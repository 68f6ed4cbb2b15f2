"""Arguments of the launch files: descriptions, defaults, and values checked before any start."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import Any, Callable

import yaml

from ..support.paths import share_file, user_path

_TOKEN = re.compile(r'[A-Za-z_][A-Za-z0-9_]*')


@dataclass(frozen=True)
class Argument:
    """
    An argument of a launch file.

    :param default: None: the argument must be given.
    :param kind: converts the text to the value; raises ValueError with what was expected.
    """

    description: str
    default: str | None = None
    choices: tuple[str, ...] = ()
    kind: Callable[[str], object] = str


def path(text: str) -> str:
    """Return a path with ~ expanded; an empty text stays empty."""
    return str(user_path(text)) if text else ''


def existing(text: str) -> str:
    """Return the path of a file or folder that is there."""
    found = user_path(text)
    if not text or not found.exists():
        raise ValueError(f'expected an existing file or folder, found none at {found}')
    return str(found)


def file(text: str) -> str:
    """Return the path of a file that is there."""
    found = user_path(text)
    if not text or not found.is_file():
        raise ValueError(f'expected an existing file, found none at {found}')
    return str(found)


def several(text: str) -> list[str]:
    """Return the paths of a text with one path, or with a list of them in brackets."""
    names: object = None
    if text.lstrip().startswith('['):
        try:
            names = yaml.safe_load(text)
        except yaml.YAMLError:
            raise ValueError(
                'expected a path, or several of them as "[first, second]", found brackets that '
                'are not a list'
            ) from None
    if not isinstance(names, list):
        names = [text]
    return [existing(str(name)) for name in names]


def flag(text: str) -> bool:
    """Return whether a text is true; launch itself refuses what is not one of the choices."""
    return text == 'true'


def number(text: str) -> float:
    """Return a finite number."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError('expected a number')
    return value


def seconds(text: str) -> float:
    """Return a duration."""
    value = number(text)
    if value < 0:
        raise ValueError('expected a number of at least 0')
    return value


def port(text: str) -> int:
    """Return a port of TCP; 0: any free one."""
    if not text.isdecimal() or int(text) > 65535:
        raise ValueError('expected a number from 0 to 65535')
    return int(text)


def namespace(text: str) -> str:
    """Return a namespace without the first slash; empty: that of all nodes."""
    name = text.strip('/')
    if name and not all(map(_TOKEN.fullmatch, name.split('/'))):
        raise ValueError(
            'expected a namespace of letters, digits and underscores, as robot1 or robot1/front'
        )
    return name


def names(text: str) -> list[str]:
    """Return different names, each of which can be a namespace."""
    found = text.split()
    if not found or len(set(found)) < len(found) or not all(map(_TOKEN.fullmatch, found)):
        raise ValueError(
            'expected different names of letters, digits and underscores, separated by spaces'
        )
    return found


def any_names(text: str) -> list[str]:
    """Return different names as `names`, or none of an empty text."""
    return names(text) if text.strip() else []


def _flag(description: str, default: bool = False) -> Argument:
    return Argument(description, 'true' if default else 'false', ('true', 'false'), flag)


ARGUMENTS = {
    'map': Argument('Folder of the map that trainer_node wrote', kind=path),
    'cameras': Argument(
        'Names of the cameras, which are their namespaces too', 'front rear', kind=names
    ),
    'bag': Argument('Bag to replay', kind=existing),
    'bags': Argument(
        'Bag (or folder of images) of the route, or several of them: "[first, second]"',
        kind=several,
    ),
    'image': Argument('Camera topic, Image or CompressedImage', '/camera/image_raw'),
    'events': Argument(
        'With input_type events: topic of EventPacket, or of EventArray with message array',
        '/event_camera/events',
    ),
    'input_type': Argument('Message type of the input', 'image', ('image', 'compressed', 'events')),
    'message': Argument(
        'With input_type events: packet is event_camera_msgs/EventPacket, array is '
        'dvs_msgs/EventArray',
        'packet',
        ('packet', 'array'),
    ),
    'odom': Argument('Odometry topic, used if input.odometry is true', '/odom'),
    'namespace': Argument('Namespace of the nodes', '', kind=namespace),
    'autostart': _flag(
        'Configure and activate the node; false: left to a lifecycle manager', default=True
    ),
    'use_sim_time': _flag('Use simulated time from /clock'),
    'params_file': Argument('YAML file with all other parameters', kind=file),
    'initialpose': Argument(
        'Topic that ~/relocalize publishes a pose on, for AMCL /initialpose', 'initialpose'
    ),
    'rviz': _flag('Open RViz'),
    'fixed_frame': Argument(
        "RViz's fixed frame: that of the map's poses, often odom, or one with a transform to it",
        'map',
    ),
    'view': _flag('Serve the live page for a browser on this computer'),
    'view_port': Argument('Port of the live page', '8765', kind=port),
    'rate': Argument('Speed of the replay', '1.0', kind=number),
    'loop': _flag('Restart at the end of the bag'),
    'delay': Argument(
        'Seconds between the activation of vpr_node and the first message, in which the player '
        'and the nodes discover each other',
        '1.0',
        kind=seconds,
    ),
    'overwrite': _flag('Replace a map that is already there'),
    'topic': Argument('Topic of images or events in the bags; empty: the only one', ''),
    'poses': Argument('Topic of poses; empty: the only one, if any; none: no poses', ''),
    'by': Argument(
        'Unit of the distance between places', 'frames', ('frames', 'seconds', 'metres')
    ),
    'spacing': Argument(
        'Distance between places, in frames, seconds or metres', '1.0', kind=number
    ),
    'recording': Argument('Folder to record the drive to; empty: next to the map', '', kind=path),
    'load_into': Argument('Node that is to load the map, as vpr_node; empty: none', ''),
}


def chosen(
    *wanted: str, params: str, others: dict[str, dict[str, Any]] | None = None
) -> dict[str, Argument]:
    """
    Return the arguments of a launch file by name.

    :param params: file name in config/ that is the default of params_file.
    :param others: fields of arguments that are others for this file, by the argument's name.
    """
    default = {'params_file': {'default': str(share_file(f'config/{params}'))}}
    changes = {**default, **(others or {})}
    return {name: replace(ARGUMENTS[name], **changes.get(name, {})) for name in wanted}
