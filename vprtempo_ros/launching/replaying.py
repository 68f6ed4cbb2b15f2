"""A bag instead of a robot: played from the moment on at which vpr_node is active."""

from __future__ import annotations

import os

from launch.actions import SetEnvironmentVariable

from launch import Action

from ..support.paths import share_file
from .arguments import Argument, chosen, existing
from .describing import Given
from .processes import check_installed, command, node, when_ended
from .recogniser import ONE, recogniser

# Rate of /clock while the bag is played, in Hz.
_CLOCK = 100
# Humble and Jazzy read the first name, later ones the second.
_PROFILES = ('FASTRTPS_DEFAULT_PROFILES_FILE', 'FASTDDS_DEFAULT_PROFILES_FILE')

ARGUMENTS: dict[str, Argument] = chosen(
    'bag',
    *(name for name in ONE if name != 'autostart'),
    'rate',
    'loop',
    'delay',
    params='vpr.yaml',
    others={
        'map': {'kind': existing},
        'image': {'description': 'Camera topic in the bag'},
        'events': {'description': 'With input_type events: their topic in the bag'},
        'odom': {'description': 'Odometry topic in the bag, used if input.odometry is true'},
        'use_sim_time': {'description': "Use the bag's time, from /clock", 'default': 'true'},
    },
)


def replaying(given: Given) -> list[Action]:
    """
    Return the nodes, and the player that follows when vpr_node is active.

    :raises ConfigError: if what is needed is not installed.
    """
    check_installed(given, 'ros2bag', 'replay.launch.py')
    play = ['ros2', 'bag', 'play', given['bag'], '--clock', str(_CLOCK)]
    play += ['--rate', str(given['rate'])]
    # rosbag2 refuses a delay of 0, which it has by default.
    play += ['--delay', str(given['delay'])] if given['delay'] else []
    play += ['--loop'] if given['loop'] else []
    # Images through shared memory, see config/fastdds_shm.xml; variables of the user stay.
    profile = str(share_file('config/fastdds_shm.xml'))
    return [
        *(SetEnvironmentVariable(name, os.environ.get(name) or profile) for name in _PROFILES),
        *recogniser(given.changed(autostart=True)),
        node(given, 'show_matches'),
        node(
            given,
            'wait_until_active',
            arguments=['--node', 'vpr_node'],
            ended=when_ended(
                'wait_until_active', lambda: [command(play, when_ended('ros2 bag play', last=True))]
            ),
        ),
    ]
