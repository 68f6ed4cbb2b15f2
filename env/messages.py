"""Builds message packages from their .msg files into the environment."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sysconfig
from functools import partial
from pathlib import Path

from environment import Setup, importable
from progress import StepRunner, processors

HERE = Path(__file__).resolve().parent
# Folders of Python's and NumPy's headers on the machine that built the wheels, in the cmake files.
PYTHON_HEADERS = re.compile(r'/opt/python/[^/;"]+/include/python3\.\d+(?=[;"])')
NUMPY_HEADERS = re.compile(r'/opt/python/[^;"]+/numpy/(?:_core|core)/include(?=[;"])')


def build_messages(setup: Setup, progress: StepRunner) -> None:
    """Build the packages of interfaces/ that are not installed otherwise, at the same time."""
    install_activation(setup.venv)
    if not setup.sourced:
        _correct_wheels(setup)
    # A package from an earlier set-up can be imported, but may be out of date.
    needed = [
        package
        for package in setup.message_packages
        if (setup.venv / 'share' / package.name).exists()
        or not importable(setup.python, f'{package.name}.msg', setup.env)
    ]
    progress.side_by_side([partial(_build, setup, progress, package) for package in needed])


def install_activation(venv: Path) -> None:
    """Make the environment's Python run activation.py when it starts."""
    # A leading underscore sorts the .pth before the one that the wheels have for the same purpose.
    site = next((venv / 'lib').glob('python3.*/site-packages'))
    shutil.copyfile(HERE / 'activation.py', site / '_vprtempo_activation.py')
    (site / '_vprtempo_activation.pth').write_text('import _vprtempo_activation\n')


def _correct_wheels(setup: Setup) -> None:
    """Replace folders of the wheels' build machine by this machine's in their cmake files."""
    query = [str(setup.python), '-c', 'import numpy; print(numpy.get_include())']
    found = subprocess.run(query, env=setup.env, check=True, stdout=subprocess.PIPE, text=True)
    python_headers, numpy_headers = sysconfig.get_path('include'), found.stdout.strip()
    for path in (setup.venv / 'share').rglob('*.cmake'):
        text = path.read_text()
        corrected = PYTHON_HEADERS.sub(lambda _: python_headers, text)
        corrected = NUMPY_HEADERS.sub(lambda _: numpy_headers, corrected)
        if corrected != text:
            path.write_text(corrected)


def _build(setup: Setup, progress: StepRunner, package: Path) -> None:
    build = setup.venv / 'build' / package.name
    log = setup.venv / 'build' / f'{package.name}.log'
    shutil.rmtree(build, ignore_errors=True)
    log.unlink(missing_ok=True)
    prefixes = os.pathsep.join([str(setup.venv), setup.env.get('AMENT_PREFIX_PATH', '')])
    env = {**setup.env, 'ROS_VERSION': '2', 'AMENT_PREFIX_PATH': prefixes.rstrip(os.pathsep)}
    configure: list[str | Path] = [
        *('cmake', '-S', package, '-B', build, '-DBUILD_TESTING=OFF'),
        *('-DCMAKE_BUILD_TYPE=Release', f'-DCMAKE_INSTALL_PREFIX={setup.venv}'),
        f'-DCMAKE_PREFIX_PATH={env["AMENT_PREFIX_PATH"].replace(os.pathsep, ";")}',
        f'-DPython3_EXECUTABLE={setup.python}',
    ]
    if not setup.sourced:
        # Only Python uses the ROS 2 of wheels; the code for C++ would take half of the time.
        configure.append('-DONLY_PYTHON=ON')
    if shutil.which('ninja'):
        configure += ['-G', 'Ninja']
    advice = f'message package {package.name} does not build'
    progress.run(configure, env, advice, log)
    install = ['cmake', '--build', str(build), '--target', 'install', '-j', str(processors())]
    progress.run(install, env, advice, log)
    shutil.rmtree(build)
