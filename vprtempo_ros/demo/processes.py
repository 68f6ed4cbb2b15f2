"""Starts the package's nodes as processes, and ends them."""

from __future__ import annotations

import ctypes
import os
import random
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Iterator

from ..errors import VprError
from ..support.paths import share_file

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == 'linux' else None

# Time within which a node must end after SIGINT, in seconds.
_END_TIMEOUT = 10.0


def ros_environment() -> dict[str, str]:
    """
    Return the environment for processes that communicate on this machine.

    Variables set by the user stay. Defaults: a random domain, discovery on this machine only, and
    the Fast DDS profile with which images arrive with every QoS.
    """
    profile = str(share_file('config/fastdds_shm.xml'))
    defaults = {
        'ROS_DOMAIN_ID': str(random.SystemRandom().randint(1, 100)),
        'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST',
        # Humble and Jazzy read the first name, later ones the second.
        'FASTRTPS_DEFAULT_PROFILES_FILE': profile,
        'FASTDDS_DEFAULT_PROFILES_FILE': profile,
    }
    return {**defaults, **os.environ}


def command(node: str, *arguments: str, parameters: dict[str, str] | None = None) -> list[str]:
    """Return the command that runs a node of this package, with ROS parameters."""
    words = [sys.executable, '-m', 'vprtempo_ros.nodes.start', node, *arguments]
    if parameters:
        words += ['--ros-args']
        for name, value in parameters.items():
            words += ['-p', f'{name}:={value}']
    return words


@contextmanager
def running(
    words: list[str],
    environment: dict[str, str],
    output: int | IO[str] | None = None,
    errors: int | IO[str] | None = None,
) -> Iterator[subprocess.Popen[str]]:
    """Run a process; at the end send it SIGINT, and SIGKILL if it has not ended in time."""
    process = subprocess.Popen(
        words, env=environment, stdout=output, stderr=errors, text=True, preexec_fn=as_child
    )
    with ended_after(process):
        yield process


@contextmanager
def ended_after(process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    """Yield a process; at the end send it SIGINT, and SIGKILL if it has not ended in time."""
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(_END_TIMEOUT)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def run_to_end(words: list[str], environment: dict[str, str], what: str) -> None:
    """
    Run a process and wait for it.

    :raises VprError: if it fails; it has printed the reason.
    """
    with running(words, environment) as process:
        status = process.wait()
    if status != 0:
        raise VprError(f'{what} failed (exit status {status}); see its last line above')


def folder_for(path: Path) -> Path:
    """
    Return the demo's output folder; create it if necessary.

    :raises VprError: if it cannot be created.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise VprError(f'{path}: cannot be created ({error.strerror})') from None
    return path


def remove_bag(path: Path) -> None:
    """
    Remove the bag of an earlier demo, and nothing else.

    :raises VprError: if the path is not such a bag.
    """
    if not os.path.lexists(path):
        return
    ours = {'metadata.yaml', f'{path.name}.mcap', f'{path.name}_0.mcap'}
    if path.is_symlink() or not path.is_dir() or {file.name for file in path.iterdir()} - ours:
        raise VprError(f'{path}: exists and is not a bag of the demo; choose another OUT')
    shutil.rmtree(path)


def as_child() -> None:
    """Let this process, just forked, end by SIGINT and with its parent."""
    # A background process of a non-interactive shell ignores SIGINT, and its children would too.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # The end of the parent, by SIGKILL too, ends its children.
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
