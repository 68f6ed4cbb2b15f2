"""The layers of the package: which may import which, and no circles."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

from support import ROOT

PACKAGE = ROOT / 'vprtempo_ros'

# Lower layers first; a module may import from its own layer and from those before it.
LAYERS = [
    '',
    'support',
    'executors',
    'events',
    'sources',
    'encoding',
    'network',
    'backends',
    'matching',
    'localisation',
    'maps',
    'responder',
    'recogniser',
    'learning',
    'api',
    'health',
    'view',
    'evaluation',
    'energy',
    'tools',
    'demo',
    'launching',
    'nodes',
]
# Loops over events, which only users of events import.
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
        'prophesee',
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
    'version',
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
    'tf2_msgs',
    'visualization_msgs',
    'builtin_interfaces',
    'rosgraph_msgs',
    'std_srvs',
    'bond',
    'bondpy',
    'event_camera_msgs',
    'dvs_msgs',
)


@cache
def parsed(file: Path) -> ast.Module:
    """Return the syntax tree of a file, which tests must not change."""
    return ast.parse(file.read_text())


@cache
def import_nodes(file: Path) -> list[ast.Import | ast.ImportFrom]:
    """Return the imports anywhere in a file."""
    return [
        node for node in ast.walk(parsed(file)) if isinstance(node, ast.Import | ast.ImportFrom)
    ]


def layer_of(module: str) -> str:
    """Return the layer of a module given by its dotted name below the package."""
    first = module.split('.')[0]
    return '' if first in _BASE else first


def imports(file: Path) -> list[tuple[str, int]]:
    """Return absolute names of everything a file imports, with line numbers."""
    package = ['vprtempo_ros', *file.relative_to(PACKAGE).parts[:-1]]
    found = []
    for node in import_nodes(file):
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno) for alias in node.names]
        else:
            base = package[: len(package) - node.level + 1] if node.level else []
            stem = '.'.join([*base, *([node.module] if node.module else [])])
            found.append((stem, node.lineno))
    return found


def modules() -> dict[str, Path]:
    """Return the files of the package by dotted name; a package is its `__init__`."""
    found = {}
    for file in PACKAGE.rglob('*.py'):
        parts = ['vprtempo_ros', *file.relative_to(PACKAGE).with_suffix('').parts]
        found['.'.join(parts[:-1] if parts[-1] == '__init__' else parts)] = file
    return found


def imported_modules(file: Path, known: set[str]) -> set[str]:
    """Return the modules of the package that a file imports, in functions and for types too."""
    package = ['vprtempo_ros', *file.relative_to(PACKAGE).parts[:-1]]
    found = set()
    for node in import_nodes(file):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        else:
            base = package[: len(package) - node.level + 1] if node.level else []
            stem = '.'.join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                name = f'{stem}.{alias.name}'
                found.add(name if name in known else stem)
    return found & known


def circle(graph: dict[str, set[str]]) -> list[str]:
    """Return the names along one circle of a graph, the first again at the end; none: empty."""
    path: list[str] = []
    done: set[str] = set()

    def visit(name: str) -> list[str]:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return []
        path.append(name)
        for other in sorted(graph[name]):
            if found := visit(other):
                return found
        done.add(path.pop())
        return []

    return next(filter(None, map(visit, sorted(graph))), [])


def test_circles_are_found() -> None:
    """A circle of three is found behind a branch without one; a graph without circles has none."""
    graph = {'a': {'b', 'e'}, 'b': set(), 'c': {'d'}, 'd': {'e'}, 'e': {'b', 'c'}}
    assert circle(graph) == ['e', 'c', 'd', 'e']
    assert not circle({**graph, 'd': {'b'}})


def test_no_modules_import_one_another() -> None:
    """No circle of imports, in the same package, inside functions or for type checkers either."""
    known = modules()
    assert 'vprtempo_ros.network.network' in known
    found = circle({name: imported_modules(file, set(known)) for name, file in known.items()})
    assert not found, ' -> '.join(found)


def test_only_nodes_know_ros() -> None:
    """The library runs, and is tested, without ROS."""
    for file in PACKAGE.rglob('*.py'):
        if file.relative_to(PACKAGE).parts[0] == 'nodes':
            continue
        for name, line in imports(file):
            assert name.split('.')[0] not in _ROS, f'{file}:{line} imports {name}'


def test_only_launching_knows_launch() -> None:
    """The nodes run without the packages of ros2 launch."""
    for file in PACKAGE.rglob('*.py'):
        if file.relative_to(PACKAGE).parts[0] == 'launching':
            continue
        for name, line in imports(file):
            assert name.split('.')[0] not in ('launch', 'launch_ros'), f'{file}:{line} has {name}'


def test_layers_import_downwards_only() -> None:
    """No layer imports from one above it."""
    for file in PACKAGE.rglob('*.py'):
        layer = layer_of('.'.join(file.relative_to(PACKAGE).with_suffix('').parts))
        if layer == '__init__':
            continue
        for name, line in imports(file):
            if not name.startswith('vprtempo_ros.'):
                continue
            other = layer_of(name.removeprefix('vprtempo_ros.'))
            assert LAYERS.index(other) <= LAYERS.index(layer), f'{file}:{line} imports {name}'


def test_the_architecture_names_every_layer() -> None:
    """docs/architecture.md names each package and each module of the top level."""
    said = (ROOT / 'docs' / 'architecture.md').read_text()
    for path in PACKAGE.iterdir():
        name = f'{path.name}/' if path.is_dir() else path.name
        assert f'`{name}`' in said or name in ('__init__.py', '__pycache__/', 'py.typed'), name


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
        'scipy': set(),
        'jinja2': set(),
        'sinabs': set(),
        'nir': set(),
        'h5py': set(),
        'pyarrow': set(),
        'samna': set(),
        'sanafe': set(),
        'lava': {
            'backends/lava/graded.py',
            'backends/lava/host_ports.py',
            'backends/lava/netx.py',
            'backends/lava/process_models.py',
            'backends/lava/processes/requantise.py',
            'backends/lava/processes/state_reader.py',
        },
    }
    for file in PACKAGE.rglob('*.py'):
        for node in parsed(file).body:
            names = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or '']
                if isinstance(node, ast.ImportFrom)
                else []
            )
            for name in names:
                # Importing compiled.py imports numba.
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
    """Recognising or reading images of a camera does not import numba."""
    code = (
        'import sys, vprtempo_ros.recogniser, vprtempo_ros.sources.traverse; '
        'sys.exit("numba" in sys.modules)'
    )
    assert subprocess.run([sys.executable, '-c', code], check=False).returncode == 0
