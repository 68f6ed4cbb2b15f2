"""vpr_node, for one camera or for several, with RViz and the live page."""

from __future__ import annotations

from launch import Action

from ..interface import COMPRESSED, COMPRESSED_IMAGE
from ..support.paths import share_file
from .arguments import Argument, chosen
from .describing import Given
from .processes import node

# What a launch file has for one camera and for several, in the order in which it is listed.
_SHARED = (
    'image',
    'events',
    'input_type',
    'message',
    'odom',
    'namespace',
    'autostart',
    'use_sim_time',
    'params_file',
    'initialpose',
)
# Everything that a launch file with one vpr_node has.
ONE = ('map', *_SHARED, 'rviz', 'fixed_frame', 'view', 'view_port')
ARGUMENTS: dict[str, Argument] = chosen(*ONE, params='vpr.yaml')

EVENT_ARGUMENTS: dict[str, Argument] = chosen(
    *(name for name in ONE if name not in ('image', 'input_type')),
    params='vpr.yaml',
    others={
        'map': {'description': 'Folder of a map that was trained from events'},
        'events': {'description': 'Topic of the event camera'},
    },
)

CAMERA_ARGUMENTS: dict[str, Argument] = chosen(
    'cameras',
    *(name for name in ONE if name not in ('events', 'message')),
    params='vpr.yaml',
    others={
        'map': {'description': 'Folder of a map that was trained with these cameras'},
        'image': {
            'description': "Topic of the images in each camera's namespace",
            'default': 'image_raw',
        },
        'input_type': {'choices': ('image', 'compressed')},
        'namespace': {'description': 'Namespace of the nodes and of the cameras'},
    },
)


def recogniser(given: Given) -> list[Action]:
    """Return vpr_node and, as asked for, RViz and the live page."""
    actions: list[Action] = [vpr_node(given)]
    sim_time = {'use_sim_time': given['use_sim_time']}
    if given['rviz']:
        actions.append(
            node(
                given,
                'rviz2',
                package='rviz2',
                option='rviz:=true',
                output='log',
                arguments=['-d', str(share_file('rviz/vpr.rviz')), '-f', given['fixed_frame']],
                parameters=sim_time,
                remappings={**_image(given), 'initialpose': given['initialpose']},
            )
        )
    if given['view']:
        actions.append(
            node(given, 'view', arguments=['--port', str(given['view_port'])], parameters=sim_time)
        )
    return actions


def event_recogniser(given: Given) -> list[Action]:
    """Return what `recogniser` does, for an event camera."""
    return recogniser(given.changed(input_type='events', image=''))


def joint_recogniser(given: Given) -> list[Action]:
    """Return what `recogniser` does, for several cameras, each of which has a namespace."""
    around = f'/{given["namespace"]}' if given['namespace'] else ''
    topics = [f'{around}/{name}/{given["image"]}' for name in given['cameras']]
    return recogniser(
        given.changed(
            image=topics[0],
            more={'cameras.names': given['cameras'], 'cameras.topics': topics},
            events='',
            message='packet',
        )
    )


def vpr_node(given: Given) -> Action:
    """Return vpr_node alone."""
    remappings = {name: given[name] for name in ('odom', 'initialpose')}
    if given['input_type'] == 'events':
        remappings['events'] = given['events']
    else:
        remappings['image'] = given['image']
    return node(
        given,
        'vpr_node',
        files=[given['params_file']],
        parameters={
            'map': given['map'],
            'input.type': given['input_type'],
            'input.message': given['message'],
            'autostart': given['autostart'],
            'use_sim_time': given['use_sim_time'],
            **given.values.get('more', {}),
        },
        remappings=remappings,
    )


def _image(given: Given) -> dict[str, str]:
    """Return the remap of the camera's topic for RViz, which has a display for each transport."""
    if given['input_type'] == 'events':
        return {}
    if given['input_type'] != 'compressed':
        return {'image': given['image']}
    return {COMPRESSED_IMAGE.name: f'{given["image"].removesuffix(COMPRESSED)}{COMPRESSED}'}
