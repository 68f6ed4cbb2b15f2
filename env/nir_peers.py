#!/usr/bin/env python3
"""
Installs other tools that read NIR, each pinned and in an environment of its own.

Their pins exclude one another and the ones of this project, so they are installed without their
dependencies; what they import is in the environment that runs this (`make lava`), which theirs see.
Prints `TOOL PYTHON` for each that could be installed.
"""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

# lava-dl, sinabs and nirtorch are in the environment of `make lava`.
PINS = {
    'sinabs': ['sinabs==3.1.3'],
    'norse': ['norse==1.1.0'],
    'snntorch': ['snntorch==1.0.0'],
    'rockpool': ['rockpool==3.1.0'],
    'spikingjelly': ['spikingjelly==2.0.0', 'loguru==0.7.3'],
    'nirtorch': ['nirtorch==2.6'],
    'lava-dl': ['lava-dl==0.6.0'],
}


def python_of(tool: str, folder: Path) -> Path:
    """Return the interpreter of a tool, in an environment that is made if it does not exist."""
    home = folder / tool
    python = home / 'bin' / 'python'
    done = home / 'installed.txt'
    # What it sees of the environment that runs this is part of what is there.
    pins = '\n'.join([*PINS[tool], sysconfig.get_path('purelib')])
    if done.is_file() and done.read_text() == pins:
        return python
    # Without pip, which is that of this environment.
    venv.EnvBuilder(clear=True, symlinks=True).create(home)
    version = f'python{sys.version_info[0]}.{sys.version_info[1]}'
    site = home / 'lib' / version / 'site-packages'
    (site / 'this_environment.pth').write_text(sysconfig.get_path('purelib') + '\n')
    install = '-m pip install -q --no-deps --ignore-requires-python --force-reinstall'
    options = '--disable-pip-version-check --no-input'
    subprocess.run([str(python), *f'{install} {options}'.split(), *PINS[tool]], check=True)
    done.write_text(pins)
    return python


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or '').split('\n')[1])
    parser.add_argument('folder', type=Path, help='folder for the environments')
    parser.add_argument('tools', nargs='*', help=f'tools (all): {", ".join(PINS)}')
    given = parser.parse_args()
    if importlib.util.find_spec('nir') is None:
        parser.error(
            'expected the package nir, found none: run this with .venv/bin/python, after make lava'
        )
    status = 0
    for tool in given.tools or PINS:
        try:
            print(tool, python_of(tool, given.folder.resolve()), flush=True)
        except (subprocess.CalledProcessError, OSError) as error:
            print(f'{tool}: cannot be installed ({error})', file=sys.stderr)
            status = 1
    return status


if __name__ == '__main__':
    sys.exit(main())
