"""Installs this project into the environment so that an edited file needs no new installation."""

from __future__ import annotations

import configparser
import json
import shutil
import subprocess
from pathlib import Path

from environment import ROOT, Setup
from progress import Failure, StepRunner

NAME = 'vprtempo_ros'
# Asks setup.py which files go where under a prefix; an editable installation leaves them out.
DATA_FILES = """
import json, setuptools
from distutils.core import run_setup
print(json.dumps(run_setup('setup.py', stop_after='init').data_files))
"""


def install_project(setup: Setup, progress: StepRunner) -> None:
    """Install entry points, share/ and lib/vprtempo_ros, all of them pointing into the checkout."""
    if not (ROOT / 'setup.py').exists():
        raise Failure(f'{ROOT}/setup.py is missing: is this checkout complete?')
    options = ['--disable-pip-version-check', '--no-input', '--no-deps', '--no-build-isolation']
    command = [str(setup.python), '-m', 'pip', 'install', *options, '--editable', str(ROOT)]
    progress.run(command, setup.env, 'setup.py does not install')
    _link_shares(setup)
    _link_executables(setup.venv)


def _link_shares(setup: Setup) -> None:
    """Link launch files and the like from where ROS looks for them: share/<package>."""
    command = [str(setup.python), '-c', DATA_FILES]
    answer = subprocess.run(command, cwd=ROOT, env=setup.env, check=True, stdout=subprocess.PIPE)
    shutil.rmtree(setup.venv / 'share' / NAME, ignore_errors=True)
    for folder, files in json.loads(answer.stdout):
        target = setup.venv / folder
        target.mkdir(parents=True, exist_ok=True)
        for file in files:
            link = target / Path(file).name
            link.unlink(missing_ok=True)
            link.symlink_to(ROOT / file)


def _link_executables(venv: Path) -> None:
    """Link the nodes from where `ros2 run` and launch files look for them: lib/<package>."""
    entry_points = configparser.ConfigParser(delimiters=('=',))
    entry_points.read(venv.glob(f'lib/python3.*/site-packages/{NAME}-*.dist-info/entry_points.txt'))
    folder = venv / 'lib' / NAME
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    if entry_points.has_section('console_scripts'):
        for script in entry_points['console_scripts']:
            (folder / script).symlink_to(venv / 'bin' / script)
