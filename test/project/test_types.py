"""Explicit `Any` stays at the borders: messages of ROS, what numba, ONNX and pickle give."""

from __future__ import annotations

import tokenize

from support import ROOT

MOST = 40


def test_lines_with_any_are_few() -> None:
    """More than this are types that were not thought about."""
    found = []
    for path in sorted((ROOT / 'vprtempo_ros').rglob('*.py')):
        with path.open('rb') as file:
            lines = {
                token.start[0]
                for token in tokenize.tokenize(file.readline)
                if token.string == 'Any' and 'import' not in token.line
            }
        found += [f'{path.relative_to(ROOT)}:{line}' for line in sorted(lines)]
    assert 0 < len(found) < MOST, '\n'.join(found)
