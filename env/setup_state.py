"""Record of the finished steps of a set-up, each with a hash of everything it was made from."""

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

    A step's key also hashes the keys of the steps that it needs: a change runs its own step and all
    that build on it again. A step is recorded as running before it begins, which distinguishes an
    interrupted step (power failure, Ctrl-C) from a failed one: packages may then be half installed,
    and only a new environment is certain to be complete.
    """

    def __init__(self, venv: Path) -> None:
        self._venv = venv
        self._path = venv / 'bootstrap.json'
        self._done: dict[str, str] = {}
        self._running: list[str] = []
        self.interrupted = False
        if self._path.exists():
            try:
                record = json.loads(self._path.read_text())
                self._done, self.interrupted = record['done'], bool(record['running'])
            except (ValueError, KeyError, TypeError):
                self.interrupted = True
        elif venv.exists() and (not venv.is_dir() or any(venv.iterdir())):
            raise Failure(
                f'{venv} exists and was not made by this script: '
                'remove it, or choose another place with --venv'
            )

    def has(self, step: str, key: str) -> bool:
        """Return whether this step was finished with this key."""
        return self._done.get(step) == key and not self.interrupted

    def begin(self, steps: Iterable[str]) -> None:
        """Record steps as running."""
        self._running = list(steps)
        for step in self._running:
            self._done.pop(step, None)
        self._write()

    def end(self, finished: dict[str, str]) -> None:
        """Record the end of the running steps: those that succeeded, each with its key."""
        self._done.update(finished)
        self._running = []
        self._write()

    def clear(self) -> None:
        """Remove the environment with all its contents."""
        # The record goes last: an interruption must not leave a folder that nothing identifies.
        for path in self._venv.iterdir() if self._venv.exists() else ():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path != self._path:
                path.unlink()
        self._done, self.interrupted = {}, False

    def _write(self) -> None:
        self._venv.mkdir(parents=True, exist_ok=True)
        partial = self._path.with_suffix('.partial')
        partial.write_text(json.dumps({'done': self._done, 'running': self._running}, indent=1))
        os.replace(partial, self._path)
