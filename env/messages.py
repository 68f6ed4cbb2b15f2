"""Builds message packages from their .msg files into the environment."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sysconfig
from pathlib import Path

from environment import Setup, importable
from progress import StepRunner

HERE = Path(__file__).resolve().parent
# Where the machine that built the wheels had Python's and NumPy's headers, in the cmake files.
PYTHON_HEADERS = re.compile(r'/opt/python/[^/;"]+/include/python3\.\d+(?=[;"])')
NUMPY_HEADERS = re.compile(r'/opt/python/[^;"]+/numpy/(?:_core|core)/include(?=[;"])')


def build_messages(setup: Setup, progress: StepRunner) -> None:
    """Build the packages of interfaces/ that are not to be had otherwise."""
    install_activation(setup.venv)
    if not setup.sourced:
        _mend_wheels(setup)
    for package in setup.message_packages:
        # One that an earlier set-up put here can be imported, and yet may be out of date.
        own = (setup.venv / 'share' / package.name).exists()
        if own or not importable(setup.python, f'{package.name}.msg', setup.env):
            _build(setup, progress, package)


def install_activation(venv: Path) -> None:
    """Make the environment's Python run activation.py when it starts."""
    # A leading underscore sorts the .pth before the one that the wheels have for the same purpose.
    site = next((venv / 'lib').glob('python3.*/site-packages'))
    shutil.copyfile(HERE / 'activation.py', site / '_vprtempo_activation.py')
    (site / '_vprtempo_activation.pth').write_text('import _vprtempo_activation\n')


def _mend_wheels(setup: Setup) -> None:
    """Replace folders of the wheels' build machine by this machine's in their cmake files."""
    query = [str(setup.python), '-c', 'import numpy; print(numpy.get_include())']
    found = subprocess.run(query, env=setup.env, check=True, stdout=subprocess.PIPE, text=True)
    python_headers, numpy_headers = sysconfig.get_path('include'), found.stdout.strip()
    for path in (setup.venv / 'share').rglob('*.cmake'):
        text = path.read_text()
        mended = PYTHON_HEADERS.sub(lambda _: python_headers, text)
        mended = NUMPY_HEADERS.sub(lambda _: numpy_headers, mended)
        if mended != text:
            path.write_text(mended)


def _build(setup: Setup, progress: StepRunner, package: Path) -> None:
    build = setup.venv / 'build' / package.name
    shutil.rmtree(build, ignore_errors=True)
    prefixes = os.pathsep.join([str(setup.venv), setup.env.get('AMENT_PREFIX_PATH', '')])
    env = {**setup.env, 'ROS_VERSION': '2', 'AMENT_PREFIX_PATH': prefixes.rstrip(os.pathsep)}
    configure: list[str | Path] = [
        *('cmake', '-S', package, '-B', build, '-DBUILD_TESTING=OFF'),
        *('-DCMAKE_BUILD_TYPE=Release', f'-DCMAKE_INSTALL_PREFIX={setup.venv}'),
        f'-DCMAKE_PREFIX_PATH={env["AMENT_PREFIX_PATH"].replace(os.pathsep, ";")}',
        f'-DPython3_EXECUTABLE={setup.python}',
    ]
    advice = f'message package {package.name} does not build'
    progress.run(configure, env, advice)
    jobs = str(os.cpu_count() or 1)
    install = ['cmake', '--build', str(build), '--target', 'install', '-j', jobs]
    progress.run(install, env, advice)
    shutil.rmtree(build)
