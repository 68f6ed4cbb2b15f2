"""ament's linters as a reviewer of a release runs them, where they are installed."""

from __future__ import annotations

import shutil
import subprocess
from importlib import import_module

import pytest
from support import ROOT

FOLDERS = ('vprtempo_ros', 'launch', 'test', 'env', 'docs', 'benchmarks', 'setup.py')
CONFIG = ROOT / 'env' / 'ament_flake8.ini'


def folders() -> list[str]:
    return [str(ROOT / name) for name in FOLDERS]


def ignored() -> list[str]:
    """Return the docstring rules that are left out; the file has the reasons."""
    (line,) = [line for line in CONFIG.read_text().splitlines() if line.startswith('extend-ignore')]
    return [code for code in line.partition('= ')[2].split(',') if code.startswith('D')]


def test_flake8() -> None:
    """With the configuration of the repository, which says what is left out and why."""
    main = pytest.importorskip('ament_flake8.main', reason='needs ament_flake8')
    count, errors = main.main_with_errors(argv=['--config', str(CONFIG), *folders()])
    assert count == 0, '\n'.join(errors)


def test_pep257() -> None:
    """With the same rules for docstrings."""
    main = pytest.importorskip('ament_pep257.main', reason='needs ament_pep257')
    ament = import_module('ament_pep257.main')._ament_ignore
    codes = sorted({*ament, *ignored()} - {'D001'})
    assert main.main(argv=['--ignore', *codes, '--', *folders()]) == 0


def test_lint_cmake() -> None:
    """The message packages that are built where apt has none."""
    main = pytest.importorskip('ament_lint_cmake.main', reason='needs ament_lint_cmake')
    assert main.main(argv=[str(ROOT / 'interfaces')]) == 0


def test_xml() -> None:
    """package.xml and the profile are well-formed; ament_xmllint checks the schema as well."""
    if shutil.which('xmllint') is None:
        pytest.skip('needs xmllint: apt install libxml2-utils')
    files = [ROOT / 'package.xml', *(ROOT / 'interfaces').glob('*/package.xml')]
    files += (ROOT / 'config').glob('*.xml')
    done = subprocess.run(
        ['xmllint', '--noout', *files], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
