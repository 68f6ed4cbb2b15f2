"""Installs Python packages, and ROS 2 as wheels, into the environment."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

from environment import Setup
from progress import Failure, StepRunner

HERE = Path(__file__).resolve().parent
ADVICE = "pip's reason is above; is the package index reachable, and the disk not full?"
# Distributions whose module bears another name.
MODULES = {
    'opencv-python-headless': 'cv2',
    'pyyaml': 'yaml',
    'scikit-learn': 'sklearn',
    'types-pyyaml': '',
    'types-tqdm': '',
}
# Asks an interpreter which distributions it sees, and which of the modules named as arguments.
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
    _pip(setup, progress, ['-r', HERE / f'requirements-ros-{setup.distro}.txt', *_pins(setup)])


def install_packages(setup: Setup, progress: StepRunner) -> None:
    """Install what the library and its developers need."""
    if setup.sourced:
        _install_missing(setup, progress)
        return
    files = [HERE / 'requirements.txt', HERE / 'requirements-dev.txt']
    _pip(setup, progress, [word for file in files for word in ('-r', file)] + _pins(setup))


def install_torch(setup: Setup, progress: StepRunner) -> None:
    """Install PyTorch, and upstream VPRTempo, which cannot do without."""
    index = os.environ.get('TORCH_INDEX_URL')
    arguments = ['-r', HERE / 'requirements-torch.txt', *_pins(setup)]
    _pip(setup, progress, arguments + (['--index-url', index] if index else []))
    _pip(setup, progress, ['--no-deps', '-r', HERE / 'requirements-oracle.txt'])


def install_lava(setup: Setup, progress: StepRunner) -> None:
    """Install Lava, and where there is PyTorch what needs both."""
    names = ['lava', 'spiking'] if setup.torch else ['lava']
    files = [HERE / f'requirements-{name}.txt' for name in names]
    _pip(setup, progress, [word for file in files for word in ('-r', file)] + _pins(setup))
    alone = [word for name in names for word in ('-r', HERE / f'requirements-{name}-only.txt')]
    _pip(setup, progress, ['--no-deps', '--ignore-requires-python', *alone])


def _install_missing(setup: Setup, progress: StepRunner) -> None:
    """Install only what the sourced ROS and its system have not got, around their NumPy."""
    wanted = {}
    for file in ('requirements.txt', 'requirements-dev.txt'):
        for line in (HERE / file).read_text().splitlines():
            requirement = line.partition('#')[0].strip()
            if requirement:
                wanted[re.split(r'[<>=]', requirement)[0].lower()] = requirement
    modules = {name: MODULES.get(name, name.replace('-', '_')) for name in wanted}
    found, importable = _inventory(setup, [module for module in modules.values() if module])
    missing = [
        requirement
        for name, requirement in wanted.items()
        # apt's opencv has no distribution by any name of PyPI's: there the module tells.
        if name not in found and modules[name] not in importable
    ]
    if not missing:
        return
    # ROS's own extensions were built for this NumPy, so it stays. The versions tested with are
    # tried first; on an older system they may not go with it, and then pip finds some that do.
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
    """Return pip's arguments that hold packages to versions."""
    pins = setup.constraints if constraints is None else constraints
    path = setup.venv / 'constraints.txt'
    path.write_text(''.join(f'{name}=={version}\n' for name, version in pins.items()))
    return ['-c', path]


def read_constraints(files: list[Path]) -> dict[str, str]:
    """Read name==version lines; what a later file says of a package overrides the earlier."""
    pins = {}
    for file in files:
        for line in file.read_text().splitlines():
            name, equal, version = line.partition('#')[0].strip().partition('==')
            if equal:
                pins[name.lower()] = version
            elif name:
                raise Failure(f"{file}: expected name==version, found '{name}'")
    return pins


def _pip(setup: Setup, progress: StepRunner, arguments: list[str | Path]) -> None:
    quiet = ['--disable-pip-version-check', '--no-input', '--progress-bar', 'off']
    command = [str(setup.python), '-m', 'pip', 'install', *quiet, *map(str, arguments)]
    progress.run(command, setup.env, ADVICE)
