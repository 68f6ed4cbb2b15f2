"""env/instrument.py finds what the tracer of coverage.py finds, however processes end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from support import PATIENCE, ROOT

pytest.importorskip('coverage', reason='needs coverage: make test')

# Statements of every kind, of which some do not run, or go one way only.
_MODULE = '''
"""Text."""

from __future__ import annotations

import contextlib
import functools


def decorated(function):
    """More text."""

    @functools.wraps(
        function
    )
    def inner(*args):
        return function(*args)

    return inner


@functools.lru_cache(
    maxsize=None
)
@decorated
def several(n):
    if n == 0:
        found = 'none'
    elif n == 1:
        found = 'one'
    elif (
        n
        == 2
    ):
        found = 'two'
    for i in range(n):
        if i > 100:
            break
        if i % 2:
            continue
        "a string"
        found = [
            j
            for j in range(i)
            if j
        ]
    else:
        found = 'all'
    for _ in ():
        never = 1
    return found


def searched(items):
    n = 0
    while n < len(items):
        if items[n] == 3:
            break
        n += 1
    else:
        return None
    while True:
        n += 1
        if n > 5:
            return n


def failing(kind):
    global LAST
    LAST = kind
    try:
        if kind:
            raise kind('reason')
        kind = 'nothing raised'
    except ValueError:
        return 'value'
    except (KeyError,
            OSError) as error:
        with contextlib.suppress(TypeError):
            raise TypeError from error
        kind = 'suppressed'
    except ArithmeticError:
        kind = 'arithmetic'
    else:
        return kind
    finally:
        if kind is None:
            LAST = 'never'
        LAST = 'done'
    return kind


def matched(value):
    match value:
        case 0:
            return 'zero'
        case [first, *_]:
            found = first
        case str() if len(value) > 3:
            found = 'long'
        case {'key': found}:
            pass
    match value:
        case 'x':
            found = 1
        case _:
            found = 2
    return found


class Outer:
    """Text."""

    VALUE = 1
    if VALUE == 2:
        OTHER = 2

    class Inner:
        def method(self):
            return 1

    @property
    def late(self):
        yield from (
            lambda: [1]
        )()
        yield 2


async def waiting(several):
    async with contextlib.AsyncExitStack():
        async for one in several:
            if one:
                return one


async def asked():
    for n in range(3):
        yield n
'''

_PROGRAM = """
import asyncio, contextlib, sys
from sampled import module

for n in (0, 1, 3):
    module.several(n)
print(module.searched([1, 3]), module.failing(None), module.failing(KeyError))
with contextlib.suppress(RuntimeError):
    module.failing(RuntimeError)
for value in ([5], 'long one', {'key': 1}):
    module.matched(value)
list(module.Outer().late)
asyncio.run(module.waiting(module.asked()))
"""


def sampled(folder: Path) -> Path:
    """Write a package of one module; return it."""
    package = folder / 'sampled'
    package.mkdir()
    (package / '__init__.py').touch()
    (package / 'module.py').write_text(textwrap.dedent(_MODULE))
    return package


def python(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run Python there, without what measures these tests."""
    kept = {name: value for name, value in os.environ.items() if name != 'VPRTEMPO_COUNTED'}
    paths = os.pathsep.join((str(folder), str(ROOT / 'env')))
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env={**kept, 'PYTHONPATH': paths, **variables},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def counted(folder: Path, program: str, change: str = '') -> dict[str, Any]:
    """Return the report of a program that counts, as coverage.py writes it, for each file."""
    prepare = f"""
        import os, subprocess, sys
        from pathlib import Path
        from instrument import VARIABLE, prepare

        Path('counted').mkdir()
        instrumented = prepare(Path('sampled').resolve(), Path('counted').resolve())
        {change}
        counting = os.environ | {{VARIABLE: str(Path('counted').resolve())}}
        subprocess.run([sys.executable, 'program.py'], env=counting)
        instrumented.write(Path('data'))
        """
    (folder / 'program.py').write_text(textwrap.dedent(program))
    done = python(folder, '-c', textwrap.dedent(prepare))
    assert not done.stderr, done.stderr
    return reported(folder, 'data')


def reported(folder: Path, data: str) -> dict[str, Any]:
    """Return the report of a file of data."""
    words = ('--data-file', data, '-o', 'report.json')
    done = python(folder, '-m', 'coverage', 'json', *words)
    assert not done.returncode, done.stdout + done.stderr
    found: dict[str, Any] = json.loads((folder / 'report.json').read_text())['files']
    return found


def test_the_same_as_by_tracing(tmp_path: Path) -> None:
    """Lines and branches, those that ran and those that did not, of every kind of statement."""
    sampled(tmp_path)
    found = counted(tmp_path, _PROGRAM)
    words = ('run', '--branch', '--source=sampled', '--data-file=traced', 'program.py')
    traced = python(tmp_path, '-m', 'coverage', *words, COVERAGE_CORE='ctrace')
    assert not traced.returncode, traced.stderr
    expected = reported(tmp_path, 'traced')
    assert found == expected
    module = found['sampled/module.py']
    # There is something to find in either.
    assert min(len(module[name]) for name in ('missing_lines', 'missing_branches')) > 5
    assert min(len(module[name]) for name in ('executed_lines', 'executed_branches')) > 20


@pytest.mark.parametrize(
    'program',
    [
        """
        import os
        from sampled import module
        if not os.fork():
            module.searched([1, 3])
            os._exit(0)
        os.wait()
        """,
        """
        import subprocess, sys
        code = 'from sampled import module; import os; module.searched([3]); '
        code += 'os.kill(os.getpid(), 9)'
        subprocess.run([sys.executable, '-c', code])
        """,
        """
        import threading
        from sampled import module
        thread = threading.Thread(target=module.searched, args=([1, 3],))
        thread.start()
        thread.join()
        """,
        """
        import shutil, subprocess, sys
        shutil.copytree('sampled', 'copied/sampled')
        code = 'import sys; sys.path.insert(0, "copied"); from sampled import module; '
        code += 'module.searched([3]); assert "copied" in module.searched.__code__.co_filename'
        subprocess.run([sys.executable, '-c', code], check=True)
        """,
    ],
    ids=['fork', 'killed', 'thread', 'copy'],
)
def test_every_process_counts(tmp_path: Path, program: str) -> None:
    """Forks, threads, copies of the package, and processes that are killed."""
    sampled(tmp_path)
    functions = counted(tmp_path, program)['sampled/module.py']['functions']
    assert functions['searched']['executed_lines']
    assert not functions['matched']['executed_lines']


def test_what_has_changed_does_not_count(tmp_path: Path) -> None:
    """Lines of another version of a file are not those of the report."""
    sampled(tmp_path)
    change = "file = Path('sampled/module.py'); file.write_text('# new\\\\n' + file.read_text())"
    found = counted(tmp_path, _PROGRAM, change)
    assert not found['sampled/module.py']['executed_lines']
