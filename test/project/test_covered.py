"""env/covered.py: which tests run a second time, and what decides the exit status."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support import PATIENCE, ROOT

SETTINGS = """
[tool.pytest.ini_options]
markers = ['ros', 'process']

[tool.coverage.run]
branch = true
data_file = 'build/coverage/data'
parallel = true
patch = ['subprocess']

[tool.coverage.paths]
source = ['package']
"""

# Tests that fail the first time, of which each notes where it ran.
TESTS = """
import os
from pathlib import Path

import package
import pytest

def runs(name):
    with open(name, 'a') as noted:
        noted.write(os.environ.get('PYTEST_XDIST_WORKER', 'alone') + '\\n')
    return len(Path(name).read_text().split())

@pytest.mark.ros
def test_starved():
    assert runs('starved') == 2
    package.second()

@pytest.mark.process
def test_delayed():
    assert runs('delayed') == 2

def test_good():
    assert package.first() == runs('good')
"""

BROKEN = """
@pytest.mark.ros
def test_broken():
    assert runs('broken') < 0
"""

UNMARKED = """
def test_unmarked():
    assert runs('unmarked') == 2
"""

PACKAGE = """
def first():
    return 1


def second():
    return 2
"""


def covered(folder: Path, tests: str) -> tuple[int, list[str]]:
    """Run the script in a small project; return exit status and output."""
    (folder / 'env').mkdir()
    shutil.copy(ROOT / 'env' / 'covered.py', folder / 'env')
    (folder / 'package').mkdir()
    (folder / 'package' / '__init__.py').write_text(PACKAGE)
    (folder / 'package' / 'forgotten.py').write_text('FORGOTTEN = True')
    (folder / 'pyproject.toml').write_text(SETTINGS)
    (folder / 'test_all.py').write_text(tests)
    # Nothing of the run of these tests counts for that one.
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(('PYTEST_', 'COVERAGE_', 'COV_'))
    }
    plugins = {'PYTEST_DISABLE_PLUGIN_AUTOLOAD': '1', 'CI': 'true'}
    done = subprocess.run(
        [sys.executable, 'env/covered.py', '-p', 'xdist', '-n', '1'],
        cwd=folder,
        env={**environment, **plugins},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
    )
    assert len(runs(folder, 'good')) == 1, done.stdout
    return done.returncode, done.stdout.splitlines()


def runs(folder: Path, name: str) -> list[str]:
    """Return where a test of the project ran, each time."""
    return (folder / name).read_text().split()


def test_starved_tests_run_again_alone(tmp_path: Path) -> None:
    """They may pass then, which is said; what they cover counts, and the others run once."""
    status, said = covered(tmp_path, TESTS)
    assert status == 0, said
    last = 'passed only alone: test_all.py::test_starved, test_all.py::test_delayed'
    assert said[-1] == last
    assert runs(tmp_path, 'starved') == ['gw0', 'alone']
    # All of the module, `second` by the second run only; what nothing imports counts too.
    assert [line.split()[-1] for line in said if line.startswith('package/')] == ['100%', '0%']


@pytest.mark.parametrize(
    ('name', 'test', 'times'), [('broken', BROKEN, 2), ('unmarked', UNMARKED, 1)]
)
def test_others_fail_the_run(tmp_path: Path, name: str, test: str, times: int) -> None:
    """One that fails twice, and one without the marks, which has no second run."""
    status, said = covered(tmp_path, TESTS + test)
    assert status == 1, said
    assert said[-1].startswith('passed only alone: test_all.py::test_starved, ')
    assert f'test_{name}' not in said[-1]
    assert len(runs(tmp_path, name)) == times
