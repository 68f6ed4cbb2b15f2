"""
Measures which lines and branches run, by counters in the code instead of a tracer.

The tracer of coverage.py makes all Python two to nine times as slow up to Python 3.13, that of
other packages too. A counter is a byte that is set to 1, 40 ns a statement. Each stands for the
lines and the arcs (from line to line) that coverage.py's parser finds in the source, so its
reports are made from them as from its own measurements.
"""

from __future__ import annotations

import ast
import marshal
import sysconfig
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

from counted_imports import COUNTERS
from coverage import CoverageData
from coverage.parser import PythonParser

Arc = tuple[int, int]
_Located = ast.stmt | ast.expr

# With it, processes count: the folder of what `prepare` has made.
VARIABLE = 'VPRTEMPO_COUNTED'
# Decorator of functions whose bytecode is compiled: machine code has no counters.
_COMPILED = 'njit'
_STARTED = f"""\
import os; f = os.environ.get('{VARIABLE}'); f and exec(open(f + '/start').read(), {{}})
"""


@dataclass
class Instrumented:
    """A package with counters: for every file where its first is, and what each stands for."""

    folder: Path
    files: dict[Path, tuple[int, list[list[Arc]]]]

    def measured(self) -> dict[str, list[Arc]]:
        """Return the arcs of all files that ran; (line, line) stands for a line."""
        counters = (self.folder / 'counters').read_bytes()
        return {
            str(file): [
                arc
                for count, counted in zip(counters[first : first + len(arcs)], arcs)
                if count
                for arc in counted
            ]
            for file, (first, arcs) in self.files.items()
        }

    def write(self, data_file: Path) -> None:
        """Write what ran as data of coverage.py."""
        data = CoverageData(str(data_file))
        data.erase()
        found = self.measured()
        data.add_arcs(found)
        # Those that never ran are in the report.
        data.touch_files(found)
        data.write()


def prepare(package: Path, folder: Path) -> Instrumented:
    """
    Compile all modules of a package with counters into an empty folder.

    Raises ValueError for a statement whose branches are not understood.
    """
    files = sorted(package.rglob('*.py'))
    # A file has fewer counters than bytes, so that all can be compiled at the same time.
    firsts = [0, *accumulate(file.stat().st_size for file in files)]
    names = ['.'.join(file.relative_to(package.parent).with_suffix('').parts) for file in files]
    prepared = [folder / name for name in names]
    with ProcessPoolExecutor() as pool:
        arcs = pool.map(_compile, files, prepared, firsts, chunksize=16)
        instrumented = Instrumented(folder, dict(zip(files, zip(firsts, arcs))))
    (folder / 'counters').write_bytes(bytes(firsts[-1]))
    (folder / 'package').write_text(package.name)
    started = Path(__file__).with_name('counted_imports.py').read_text()
    (folder / 'start').write_text(f'{started}\n\nstart({str(folder)!r})\n')
    _let_processes_count()
    return instrumented


def _compile(file: Path, prepared: Path, first: int) -> list[list[Arc]]:
    """Compile a file with counters; return what they stand for."""
    source = file.read_bytes()
    counted = _Counted(source.decode(), str(file), first)
    code = compile(counted.tree, str(file), 'exec', dont_inherit=True)
    prepared.write_bytes(marshal.dumps((source, code)))
    return counted.arcs


def _let_processes_count() -> None:
    """Let the Python of this environment run `counted_imports.py` where the variable is set."""
    path = Path(sysconfig.get_path('purelib'), 'vprtempo_counted.pth')
    if not path.exists() or path.read_text() != _STARTED:
        path.write_text(_STARTED)


class _Counted:
    """The syntax tree of a file, with counters, and the arcs that each of them stands for."""

    def __init__(self, source: str, name: str, first: int) -> None:
        self.arcs: list[list[Arc]] = []
        self._name, self._first = name, first
        parser = PythonParser(text=source, filename=name)
        parser.parse_source()
        self._targets: dict[int, set[int]] = defaultdict(set)
        for line, target in parser.arcs():
            self._targets[line].add(target)
        self.tree = ast.parse(source, name)
        self.tree.body = self._block(self.tree.body, documented=True)

    def _counter(self, at: _Located, arcs: Iterable[Arc]) -> ast.stmt:
        """Return a statement that counts."""
        place = _place(at)
        counters = ast.Name(COUNTERS, ast.Load(), **place)
        item = ast.Subscript(counters, self._number(arcs, place), ast.Store(), **place)
        return ast.Assign([item], ast.Constant(1, **place), **place)

    def _counting(self, at: ast.expr, arcs: Iterable[Arc]) -> ast.expr:
        """Return an expression that counts before it has the value of another."""
        place = _place(at)
        counters = ast.Name(COUNTERS, ast.Load(), **place)
        setter = ast.Attribute(counters, '__setitem__', ast.Load(), **place)
        number = self._number(arcs, place)
        count = ast.Call(setter, [number, ast.Constant(1, **place)], [], **place)
        both = ast.Tuple([count, at], ast.Load(), **place)
        return ast.Subscript(both, ast.Constant(1, **place), ast.Load(), **place)

    def _number(self, arcs: Iterable[Arc], place: dict[str, Any]) -> ast.Constant:
        self.arcs.append(list(arcs))
        return ast.Constant(self._first + len(self.arcs) - 1, **place)

    def _block(
        self, body: Sequence[ast.stmt], arcs: Sequence[Arc] = (), documented: bool = False
    ) -> list[ast.stmt]:
        """Return statements, each after its counter; the first counts for these arcs too."""
        counted: list[ast.stmt] = []
        entered = list(arcs)
        for n, statement in enumerate(body):
            decorators = getattr(statement, 'decorator_list', [])
            lines = {statement.lineno, *(decorator.lineno for decorator in decorators)}
            entered += [(line, line) for line in sorted(lines)]
            future = isinstance(statement, ast.ImportFrom) and statement.module == '__future__'
            # These have to be the first.
            if not future and not (documented and n == 0 and _is_text(statement)):
                counted.append(self._counter(statement, entered))
                entered = []
            counted.append(self._statement(statement))
        if entered:
            counted.append(self._counter(body[-1], entered))
        return counted

    def _statement(self, statement: ast.stmt) -> ast.stmt:
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                if not any(_COMPILED in ast.unparse(one) for one in statement.decorator_list):
                    statement.body = self._block(statement.body, documented=True)
            case ast.ClassDef():
                statement.body = self._block(statement.body, documented=True)
            case ast.With() | ast.AsyncWith():
                statement.body = self._block(statement.body)
            case ast.If() | ast.While() | ast.For() | ast.AsyncFor():
                self._branches(statement)
            case ast.Try():
                statement.body = self._block(statement.body)
                statement.orelse = self._block(statement.orelse)
                statement.finalbody = self._block(statement.finalbody)
                for handler in statement.handlers:
                    lines = [(handler.lineno, handler.lineno)]
                    if handler.type is not None:
                        handler.type = self._counting(handler.type, lines)
                        lines = []
                    handler.body = self._block(handler.body, lines)
            case ast.Match():
                self._cases(statement)
            case _ if hasattr(statement, 'body'):
                raise ValueError(f'{self._name}:{statement.lineno}: what is in it is not counted')
        return statement

    def _branches(self, statement: ast.If | ast.While | ast.For | ast.AsyncFor) -> None:
        line, targets = statement.lineno, self._targets[statement.lineno]
        if len(targets) < 2:
            # One that is known when it is compiled, as in `while True`.
            statement.body = self._block(statement.body)
            statement.orelse = self._block(statement.orelse)
            return
        into, past = self._two(line, statement.body)
        statement.body = self._block(statement.body, [(line, into)])
        statement.orelse = (
            self._block(statement.orelse, [(line, past)])
            if statement.orelse
            else [self._counter(statement, [(line, past)])]
        )

    def _two(self, line: int, body: Sequence[ast.stmt]) -> Arc:
        """Return where a line goes to: into this body, and past it."""
        inside = range(_first_line(body[0]), (body[-1].end_lineno or 0) + 1)
        targets = self._targets[line]
        into = [target for target in targets if target in inside]
        past = [target for target in targets if target not in inside]
        if len(into) != 1 or len(past) != 1:
            raise ValueError(f'{self._name}:{line}: goes to one of {sorted(targets)}')
        return into[0], past[0]

    def _cases(self, statement: ast.Match) -> None:
        """Let every case count for those before it, which did not match."""
        before: list[Arc] = []
        for case in statement.cases:
            line = case.pattern.lineno
            before.append((line, line))
            if len(self._targets[line]) < 2:
                case.body = self._block(case.body, before)
                continue
            into, past = self._two(line, case.body)
            case.body = self._block(case.body, [*before, (line, into)])
            before.append((line, past))
        last = statement.cases[-1]
        if len(self._targets[last.pattern.lineno]) > 1:
            other = ast.match_case(
                ast.MatchAs(**_place(statement)), None, [self._counter(statement, before)]
            )
            statement.cases.append(other)


def _place(node: _Located) -> dict[str, Any]:
    line, column = node.lineno, node.col_offset
    return {'lineno': line, 'col_offset': column, 'end_lineno': line, 'end_col_offset': column}


def _is_text(statement: ast.stmt) -> bool:
    value = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def _first_line(statement: ast.stmt) -> int:
    decorators = getattr(statement, 'decorator_list', [])
    return min([statement.lineno, *(decorator.lineno for decorator in decorators)])
