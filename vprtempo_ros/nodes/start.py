"""
The executables: `vpr_node`, `trainer_node`, `show_matches`, `replay`, `view`, `wait_until_active`.

An interrupt during their imports ends the process at once (`support/starting.py`); afterwards
`common/running.py` ends the program.
"""

from __future__ import annotations

import sys

from ..support.starting import imported

# The module of each, in this package.
PROGRAMS = {
    'vpr_node': 'vpr.vpr_node',
    'trainer_node': 'trainer.trainer_node',
    'replay': 'commands.replay',
    'view': 'commands.view',
    'show_matches': 'commands.show_matches',
    'wait_until_active': 'commands.wait_until_active',
}


def _main(name: str) -> int:
    shows_map = name == 'view' and any(word.split('=')[0] == '--map' for word in sys.argv[1:])
    # A map is shown without ROS.
    module = imported(
        'vprtempo_ros.tools.view_map' if shows_map else f'vprtempo_ros.nodes.{PROGRAMS[name]}'
    )
    return int(module.main())


def vpr_node() -> int:
    """Recognise places."""
    return _main('vpr_node')


def trainer_node() -> int:
    """Build a map."""
    return _main('trainer_node')


def show_matches() -> int:
    """Print matches."""
    return _main('show_matches')


def replay() -> int:
    """Publish a bag."""
    return _main('replay')


def view() -> int:
    """Show a vpr_node, or a map, in a browser."""
    return _main('view')


def wait_until_active() -> int:
    """End when a lifecycle node is active."""
    return _main('wait_until_active')


if __name__ == '__main__':
    # `python -m vprtempo_ros.nodes.start vpr_node ...`, where nothing is installed.
    sys.exit(_main(sys.argv.pop(1)))
