"""What of a set-up is done: each finished step with a hash of all it was made from."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from progress import Failure


def digest(parts: Iterable[str | Path]) -> str:
    """Hash texts and files; of a folder, the names and contents of all files in it."""
    state = hashlib.sha256()
    for part in parts:
        paths = [part] if isinstance(part, Path) else []
        if isinstance(part, Path) and part.is_dir():
            paths = sorted(path for path in part.rglob('*') if path.is_file())
        for path in paths:
            data = path.read_bytes() if path.exists() else b'absent'
            state.update(f'{path}:{len(data)}:'.encode() + data)
        if isinstance(part, str):
            state.update(f'text:{len(part)}:{part}'.encode())
    return state.hexdigest()


class State:
    """
    The record kept inside a virtual environment, `bootstrap.json`.

    A step's key also hashes the keys before it: a change makes its own step and all later ones run
    again. A step is noted as running before it begins, so one that was cut short (a power failure,
    Ctrl-C) is told from one that failed by itself: packages may then be half installed, and only
    an environment made anew is certain to be whole.
    """

    def __init__(self, venv: Path) -> None:
        self._venv = venv
        self._path = venv / 'bootstrap.json'
        self._done: dict[str, str] = {}
        self.cut_short = False
        if self._path.exists():
            try:
                record = json.loads(self._path.read_text())
                self._done, self.cut_short = record['done'], record['running'] is not None
            except (ValueError, KeyError, TypeError):
                self.cut_short = True
        elif venv.exists() and (not venv.is_dir() or any(venv.iterdir())):
            raise Failure(
                f'{venv} exists and was not made by this script: '
                'remove it, or choose another place with --venv'
            )

    def has(self, step: str, key: str) -> bool:
        """Tell whether this step was finished, with this key."""
        return self._done.get(step) == key and not self.cut_short

    def begin(self, step: str) -> None:
        """Note a step as running."""
        self._done.pop(step, None)
        self._write(step)

    def failed(self) -> None:
        """Note that the running step came to an orderly end, without success."""
        self._write(None)

    def finish(self, step: str, key: str) -> None:
        """Note a step as finished."""
        self._done[step] = key
        self._write(None)

    def clear(self) -> None:
        """Remove the environment with everything in it."""
        # The record goes last, or an interruption would leave a folder that nobody owns.
        for path in self._venv.iterdir() if self._venv.exists() else ():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path != self._path:
                path.unlink()
        self._done, self.cut_short = {}, False

    def _write(self, running: str | None) -> None:
        self._venv.mkdir(parents=True, exist_ok=True)
        partial = self._path.with_suffix('.partial')
        partial.write_text(json.dumps({'done': self._done, 'running': running}, indent=1))
        os.replace(partial, self._path)
