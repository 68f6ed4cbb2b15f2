"""
Write CHANGELOG.rst, which catkin_prepare_release and bloom read, from CHANGELOG.md.

Run when a release is made (docs/release.md); the standard library is enough.
"""

from __future__ import annotations

import re
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_TITLE = 'Changelog for package vprtempo_ros'
_VERSION = re.compile(r'## (\d+\.\d+\.\d+) \((unreleased|\d{4}-\d{2}-\d{2})\)')
# In this order: the brackets of a link may hold code.
# A link, or code: in one pass, since both have backquotes in reStructuredText.
_INLINE = re.compile(r'\[`?([^\]`]+)`?\]\(([^)]+)\)|`([^`]+)`')


def rst_of(markdown: str) -> str:
    """
    Return a changelog in Markdown as one in reStructuredText.

    Versions are `## 1.2.3 (2026-12-31)` or `(unreleased)`; what is neither a list item nor part of
    one becomes an item with a list below it, since catkin's changelogs are lists only.

    :raises ValueError: for a heading of another form.
    """
    lines = ['^' * len(_TITLE), _TITLE, '^' * len(_TITLE)]
    for block in re.split(r'\n(?=## )', markdown)[1:]:
        heading, _, text = block.partition('\n')
        match = _VERSION.fullmatch(heading.strip())
        if match is None:
            raise ValueError(
                f'CHANGELOG.md: expected "## 1.2.3 (2026-12-31)" or "(unreleased)", '
                f'found "{heading}"'
            )
        version, date = match.groups()
        title = 'Forthcoming' if date == 'unreleased' else f'{version} ({date})'
        lines += ['', title, '-' * len(title)]
        nested = ''
        for paragraph in _paragraphs(text):
            item = paragraph.startswith('- ')
            if not item:
                nested = ''
            indent = nested if item else ''
            if not item:
                lines.append('')
            lines.append(f'{indent}* {_inline(paragraph.removeprefix("- "))}')
            if not item:
                lines.append('')
                nested = '  '
    return '\n'.join(lines) + '\n'


def _paragraphs(text: str) -> list[str]:
    """Return list items and other paragraphs, each as one line."""
    found: list[list[str]] = []
    new = True
    for line in text.splitlines():
        if not line.strip():
            new = True
        elif new or line.startswith('- '):
            found.append([line.strip()])
            new = False
        else:
            found[-1].append(line.strip())
    return [' '.join(lines) for lines in found]


def _inline(text: str) -> str:
    # A star or a trailing underscore would be markup; in code it is not.
    parts = re.split(r'(`[^`]*`)', text)
    text = ''.join(
        part if part.startswith('`') else re.sub(r'([*|])', r'\\\1', part) for part in parts
    )
    return _INLINE.sub(
        lambda found: f'``{found[3]}``' if found[3] else f'`{found[1]} <{found[2]}>`__', text
    )


if __name__ == '__main__':
    (_ROOT / 'CHANGELOG.rst').write_text(
        rst_of((_ROOT / 'CHANGELOG.md').read_text(encoding='utf-8')), encoding='utf-8'
    )
    print('CHANGELOG.rst')
