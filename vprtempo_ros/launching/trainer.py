"""trainer_node, with recordings or with a drive while it happens."""

from __future__ import annotations

from typing import Any

from launch import Action

from .arguments import Argument, any_names, chosen
from .describing import Given
from .processes import node, when_ended

_WRITTEN: dict[str, dict[str, Any]] = {
    'map': {'description': 'Folder to write the map to'},
    'input_type': {'description': 'Sensor of the route', 'choices': ('image', 'events')},
}

ARGUMENTS: dict[str, Argument] = chosen(
    'bags',
    'map',
    'overwrite',
    'input_type',
    'topic',
    'cameras',
    'poses',
    'by',
    'spacing',
    'params_file',
    params='train.yaml',
    others={
        **_WRITTEN,
        'cameras': {
            'description': 'Names of several cameras, on /NAME/image_raw; empty: one camera',
            'default': '',
            'kind': any_names,
        },
        'poses': {
            'description': 'Pose topic in the bags; empty: the only one, if any; none: no poses'
        },
    },
)

TEACH_ARGUMENTS: dict[str, Argument] = chosen(
    'map',
    'overwrite',
    'recording',
    'load_into',
    'image',
    'events',
    'input_type',
    'poses',
    'by',
    'spacing',
    'namespace',
    'use_sim_time',
    'params_file',
    params='train.yaml',
    others={
        **_WRITTEN,
        'events': {'description': 'With input_type events: topic of EventPacket or EventArray'},
    },
)


def trainer(given: Given) -> list[Action]:
    """Return trainer_node with recordings; all end with it."""
    return [
        node(
            given.changed(namespace=''),
            'trainer_node',
            files=[given['params_file']],
            parameters={
                **_parameters(given),
                'bags': given['bags'],
                'input.topic': given['topic'],
                # An empty array has no type on a command line.
                **({'cameras.names': given['cameras']} if given['cameras'] else {}),
            },
            ended=when_ended('trainer_node', last=True),
        )
    ]


def teacher(given: Given) -> list[Action]:
    """Return trainer_node that listens until it is stopped."""
    source = 'events' if given['input_type'] == 'events' else 'image'
    return [
        node(
            given,
            'trainer_node',
            files=[given['params_file']],
            parameters={
                **_parameters(given),
                'live.enabled': True,
                'live.recording': given['recording'],
                'live.load_into': given['load_into'],
                'use_sim_time': given['use_sim_time'],
            },
            remappings={source: given[source]},
        )
    ]


def _parameters(given: Given) -> dict[str, object]:
    return {
        'map': given['map'],
        'overwrite': given['overwrite'],
        'input.type': given['input_type'],
        'poses.topic': given['poses'],
        'places.by': given['by'],
        'places.spacing': given['spacing'],
    }
