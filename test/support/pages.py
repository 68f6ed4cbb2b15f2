"""The pages of the documentation, and the blocks of commands and of code in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from support import ROOT


@dataclass(frozen=True)
class Block:
    """A fenced block of a page: its language, its text, its first line."""

    language: str
    text: str
    line: int

    def commands(self) -> list[str]:
        """Return the commands of a shell block, without comments, continued lines joined."""
        joined = re.sub(r'\\\n\s*', '', self.text)
        return [
            part.strip()
            for line in joined.splitlines()
            for part in re.sub(r'(^|\s)#.*', '', line).split('&&')
            if part.strip()
        ]


def pages() -> list[Path]:
    """Return every page of the documentation."""
    return [ROOT / 'README.md', ROOT / 'CONTRIBUTING.md', *sorted((ROOT / 'docs').rglob('*.md'))]


def blocks(page: Path) -> list[Block]:
    """Return the fenced blocks of a page."""
    text = page.read_text()
    return [
        Block(match[1], match[2], text[: match.start()].count('\n') + 1)
        for match in re.finditer(r'^```(\w*)\n(.*?)^```$', text, re.MULTILINE | re.DOTALL)
    ]
