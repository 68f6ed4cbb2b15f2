"""The layers of DESIGN.md: who may import whom."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

from support import ROOT

PACKAGE = ROOT / 'vprtempo_ros'

# Lower rooms first; a module may import from its own room and from those before it.
ROOMS = [
    '',
    'support',
    'events',
    'sources',
    'encoding',
    'network',
    'backends',
    'matching',
    'maps',
    'recogniser',
    'health',
    'view',
    'evaluation',
    'energy',
    'tools',
    'demo',
    'nodes',
]
# Loops over events, of which each file is imported by those who have events.
COMPILED = {
    f'events/{name}.py'
    for name in (
        'checks',
        'event_array',
        'evt3',
        'evt3_encoder',
        'kernels',
        'libcaer',
        'libcaer_cmp',
    )
}
COMPILED |= {'demo/dvs.py'}
_BASE = {
    'arrays',
    'errors',
    'options',
    'config',
    'frames',
    'interface',
    'statistics',
    'renamed',
    '',
}
_ROS = (
    'rclpy',
    'rcl_interfaces',
    'diagnostic_msgs',
    'vision_msgs',
    'lifecycle_msgs',
    'std_msgs',
    'sensor_msgs',
    'nav_msgs',
    'geometry_msgs',
    'visualization_msgs',
    'builtin_interfaces',
    'rosgraph_msgs',
    'std_srvs',
    'event_camera_msgs',
    'dvs_msgs',
)


def room_of(module: str) -> str:
    """Return the room of a module given by its dotted name below the package."""
    first = module.split('.')[0]
    return '' if first in _BASE else first


def imports(file: Path) -> list[tuple[str, int]]:
    """Return absolute names of everything a file imports, with line numbers."""
    package = ['vprtempo_ros', *file.relative_to(PACKAGE).parts[:-1]]
    found = []
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            stem = '.'.join([*base, *([node.module] if node.module else [])])
            found.append((stem, node.lineno))
    return found


def test_only_nodes_know_ros() -> None:
    """The library runs, and is tested, without ROS."""
    for file in PACKAGE.rglob('*.py'):
        if file.relative_to(PACKAGE).parts[0] == 'nodes':
            continue
        for name, line in imports(file):
            assert name.split('.')[0] not in _ROS, f'{file}:{line} imports {name}'


def test_rooms_look_downwards_only() -> None:
    """No room imports from one above it, so there is no circle."""
    for file in PACKAGE.rglob('*.py'):
        room = room_of('.'.join(file.relative_to(PACKAGE).with_suffix('').parts))
        if room == '__init__':
            continue
        for name, line in imports(file):
            if not name.startswith('vprtempo_ros.'):
                continue
            other = room_of(name.removeprefix('vprtempo_ros.'))
            assert ROOMS.index(other) <= ROOMS.index(room), f'{file}:{line} imports {name}'


def test_the_architecture_names_every_room() -> None:
    """docs/architecture.md tells whoever comes new what each room and each file beside them is."""
    said = (ROOT / 'docs' / 'architecture.md').read_text()
    for path in PACKAGE.iterdir():
        name = f'{path.name}/' if path.is_dir() else path.name
        assert f'`{name}`' in said or name in ('__init__.py', '__pycache__/'), name


def test_heavy_libraries_are_imported_where_they_are_used() -> None:
    """Matching on a robot does not wait for numba, matplotlib or rosbags to be imported."""
    allowed = {
        'numba': {
            'network/stdp.py',
            'network/quantised/kernels.py',
            'matching/sequence/kernels.py',
            'support/compiled.py',
            *COMPILED,
        },
        'torch': {'backends/torch_fp32.py', 'backends/torch_int8.py', 'backends/torch_eager.py'},
        'matplotlib': set(),
        'rosbags': set(),
        'pyproj': set(),
        'sklearn': set(),
        'scipy': set(),
        'jinja2': set(),
        'sinabs': set(),
        'nir': set(),
        'h5py': set(),
        'samna': set(),
        'lava': {
            'backends/lava/graded.py',
            'backends/lava/host_ports.py',
            'backends/lava/netx.py',
            'backends/lava/processes/requantise.py',
            'backends/lava/processes/state_reader.py',
        },
    }
    for file in PACKAGE.rglob('*.py'):
        tree = ast.parse(file.read_text())
        for node in tree.body:
            names = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or '']
                if isinstance(node, ast.ImportFrom)
                else []
            )
            for name in names:
                # compiled.py stands for numba, whoever imports it.
                top = 'numba' if name == 'compiled' else name.split('.')[0]
                if top in allowed:
                    assert str(file.relative_to(PACKAGE)) in allowed[top], f'{file} imports {name}'


def test_eager_quantisation_lives_in_one_module() -> None:
    """What torch is about to remove is touched in one place."""
    for file in PACKAGE.rglob('*.py'):
        if file.relative_to(PACKAGE) != Path('backends/torch_eager.py'):
            text = '\n'.join(
                line
                for line in file.read_text().splitlines()
                if 'import' in line or 'torch.' in line
            )
            assert 'import quantization' not in text, file
            assert 'import torch.ao' not in text, file
            assert 'from torch.ao' not in text, file


def test_images_do_not_wait_for_the_loops_over_events() -> None:
    """Who recognises or reads images of a camera does not import numba."""
    code = (
        'import sys, vprtempo_ros.recogniser, vprtempo_ros.sources.traverse; '
        'sys.exit("numba" in sys.modules)'
    )
    assert subprocess.run([sys.executable, '-c', code], check=False).returncode == 0
