"""Rendered routes by kind and seed; traverses are kept until the renderer changes."""

from __future__ import annotations

import ast
import hashlib
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from vprtempo_ros import demo

from .building import Building
from .day import Day
from .park import Park
from .route import REFERENCE, Traverse, nearest_places, render
from .town import Pavement, Town
from .world import RouteWorld

WORLDS: dict[str, Callable[[int], RouteWorld]] = {
    'corridor': Building,
    'pavement': Pavement,
    'park': Park,
    'street': Town,
}
"""Kinds of routes: 190 to 260 m each, through an office, along a pavement, a park and a street."""

TOLERANCE = 2
"""Places within which a match is correct."""

# What the frames depend on: all of this package but these, and parts of the demo.
_FILING = ('__init__.py', '__main__.py', 'days.py', 'rendered.py')
_OF_THE_DEMO = ('appearance', 'atlas', 'ground', 'street', 'textures', 'world')

FOLDER = Path(__file__).resolve().parents[2] / 'build' / 'moved'


@dataclass(frozen=True)
class LabelledTraverse:
    """A traverse, and the place of each frame: int64 (frames,), -1 off the map."""

    traverse: Traverse
    place: NDArray[np.int64]


class RenderedRoute:
    """
    A route of one kind and seed; the same kind, seed and day give the same frames.

    A traverse is rendered when it is first asked for and then read from the folder.
    """

    def __init__(self, kind: str, seed: int, folder: Path = FOLDER) -> None:
        """Name the route; the world is not built before a traverse has to be rendered."""
        self.kind, self.seed = kind, seed
        self._folder = folder / renderer_digest()

    @cached_property
    def world(self) -> RouteWorld:
        """The world that the route leads through."""
        return WORLDS[self.kind](self.seed)

    @cached_property
    def reference(self) -> Traverse:
        """The reference traverse."""
        return self.query(REFERENCE).traverse

    def query(self, day: Day) -> LabelledTraverse:
        """Return the traverse of a day."""
        path = self.path(day)
        if not path.exists():
            cv2.setNumThreads(1)
            traverse = render(self.world, day)
            reference = traverse if day == REFERENCE else self.reference
            _save(path, LabelledTraverse(traverse, nearest_places(traverse, reference)))
        return _load(path)

    def path(self, day: Day) -> Path:
        """Return the file of the traverse of a day."""
        # A day of the same name that was changed is another day.
        digest = hashlib.sha256(repr(day).encode()).hexdigest()[:6]
        return self._folder / f'{self.kind}_{self.seed}_{day.name}_{digest}.npz'


@cache
def renderer_digest() -> str:
    """Return a digest of the code that renders, without comments, docstrings and formatting."""
    digest = hashlib.sha256()
    here, street = Path(__file__).parent, Path(str(demo.__file__)).parent
    files = [file for file in sorted(here.glob('*.py')) if file.name not in _FILING]
    for file in [*files, *(street / f'{name}.py' for name in _OF_THE_DEMO)]:
        tree = ast.parse(file.read_text(encoding='utf-8'))
        digest.update(ast.dump(_WithoutStrings().visit(tree)).encode())
    return digest.hexdigest()[:12]


class _WithoutStrings(ast.NodeTransformer):
    """Removes strings that are statements: docstrings."""

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        """Return None in place of a docstring."""
        value = node.value
        docstring = isinstance(value, ast.Constant) and isinstance(value.value, str)
        return None if docstring else node


def _save(path: Path, seen: LabelledTraverse) -> None:
    """Write a traverse; the file appears when it is complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix('.part')
    traverse = seen.traverse
    with part.open('wb') as file:
        np.savez_compressed(
            file,
            images=traverse.images,
            poses=traverse.poses,
            line=traverse.line,
            stamps=traverse.stamps,
            place=seen.place,
        )
    part.replace(path)


def _load(path: Path) -> LabelledTraverse:
    with np.load(path, allow_pickle=False) as data:
        names = ('images', 'poses', 'line', 'stamps')
        return LabelledTraverse(Traverse(*(data[name] for name in names)), data['place'])
