"""
Processes of the package that need not import it: forks of one that has.

Imports are most of what a node or a tool costs, and coverage doubles them. A fork runs what
`python -m MODULE` and `python -c CODE` run, with the environment, the folder and the output that
it is given. What is about the start itself (imports, interrupts during them) needs an interpreter
of its own.

rclpy is imported by the forks, for that starts threads of Fast DDS, which no fork would have.
"""

from __future__ import annotations

import faulthandler
import gc
import inspect
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import IO, Any

from support import ROOT, environment
from support.measuring import PROCESSES, compile_untraced
from vprtempo_ros.demo.processes import as_child, ended_after
from vprtempo_ros.sources import cdr

# Packages without rclpy and PyTorch, of which every module is imported, and what they import later.
_PACKAGES = (
    *('demo', 'encoding', 'energy', 'evaluation', 'events', 'executors', 'health', 'learning'),
    *('localisation', 'maps', 'matching', 'network', 'sources', 'support', 'tools', 'view'),
)
_LATER = ('scipy.linalg', 'threadpoolctl')
# Packages of messages and services that nodes import, where they are there.
_MESSAGES = (
    *('builtin_interfaces', 'diagnostic_msgs', 'geometry_msgs', 'lifecycle_msgs', 'nav_msgs'),
    *('rcl_interfaces', 'rosgraph_msgs', 'sensor_msgs', 'std_msgs', 'std_srvs', 'tf2_msgs'),
    *('type_description_interfaces', 'vision_msgs', 'visualization_msgs'),
)
# Bytes of a request: an environment is most of it.
_REQUEST_MAX = 1 << 20


class Forked:
    """A process, with the methods of `subprocess.Popen`."""

    def __init__(self, server: _Server, words: Sequence[str], pid: int) -> None:
        self.args, self.pid = words, pid
        self.returncode: int | None = None
        self._server = server
        # Readable when the process has ended.
        self._ended = os.pidfd_open(pid)

    def poll(self) -> int | None:
        """Return the exit status, None while it runs."""
        if self.returncode is None:
            self.returncode = self._server.request({'poll': self.pid})
            if self.returncode is not None:
                os.close(self._ended)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit status, once it has ended."""
        if self.returncode is None:
            ended = select.poll()
            ended.register(self._ended, select.POLLIN)
            if not ended.poll(None if timeout is None else 1e3 * timeout):
                assert timeout is not None
                raise subprocess.TimeoutExpired(self.args, timeout)
        status = self.poll()
        assert status is not None
        return status

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        # Until it is polled, no other process gets its id.
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)


class _Server:
    """The process that has imported the package, and forks when it is asked to."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._lock = threading.Lock()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, '-m', 'support.forking', str(theirs.fileno())],
                cwd=ROOT,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )

    def request(self, request: dict[str, Any], files: Sequence[int] = ()) -> Any:
        """Return the answer to a request."""
        with self._lock:
            socket.send_fds(self._socket, [json.dumps(request).encode()], files)
            answer = self._socket.recv(_REQUEST_MAX)
        assert answer, 'the process that forks others has ended; see its traceback'
        return json.loads(answer)

    def close(self) -> None:
        """End it."""
        self._socket.close()
        self._process.wait()


# One that coverage measures, one that it does not.
_servers: dict[bool, _Server] = {}


def end_servers() -> None:
    """End the processes that fork others, so that what they have covered is written."""
    while _servers:
        _servers.popitem()[1].close()


def start(
    words: Sequence[str], environment: dict[str, str], output: IO[str], errors: int | IO[str]
) -> Forked:
    """
    Start `python -m MODULE ARGUMENTS` or `python -c CODE ARGUMENTS`.

    :param errors: where these go, or `subprocess.STDOUT`.
    """
    assert words[0] == sys.executable
    assert words[1] in ('-m', '-c'), words
    measured = PROCESSES in environment
    if measured not in _servers:
        _servers[measured] = _Server()
    server = _servers[measured]
    streams = [output.fileno(), (output if isinstance(errors, int) else errors).fileno()]
    request = {'words': words, 'environment': environment, 'cwd': str(Path.cwd())}
    return Forked(server, words, server.request(request, streams))


@contextmanager
def running(
    words: Sequence[str],
    environment: dict[str, str],
    output: IO[str],
    errors: int | IO[str] = subprocess.STDOUT,
) -> Iterator[Forked]:
    """Run a fork as `vprtempo_ros.demo.processes.running` runs a process."""
    with ended_after(start(words, environment, output, errors)) as process:
        yield process


@contextmanager
def printing(words: Sequence[str], environment: dict[str, str]) -> Iterator[tuple[Forked, IO[str]]]:
    """Start a fork; yield it with what it prints, as lines to be read; end it afterwards."""
    read, written = os.pipe()
    with os.fdopen(read) as printed:
        with os.fdopen(written, 'w') as output:
            process = start(words, environment, output, subprocess.STDOUT)
        with ended_after(process):
            yield process, printed


def run(
    words: Sequence[str], timeout: float, environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a fork as `subprocess.run` does, with its output captured as text."""
    with tempfile.TemporaryFile('w+') as output, tempfile.TemporaryFile('w+') as errors:
        process = start(words, environment, output, errors)
        try:
            status = process.wait(timeout)
        finally:
            process.kill()
        output.seek(0)
        errors.seek(0)
        return subprocess.CompletedProcess(words, status, output.read(), errors.read())


def _serve(connection: socket.socket) -> list[str] | None:
    """Fork for every request; return None at their end, and in a fork what it is to run."""
    while True:
        message, files, _, _ = socket.recv_fds(connection, _REQUEST_MAX, 2)
        if not message:
            return None
        request = json.loads(message)
        answer: int | None
        if 'poll' in request:
            pid, status = os.waitpid(request['poll'], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if pid else None
        else:
            # Closed by the fork once a signal does to it what it does to a new process.
            ready, becoming = os.pipe()
            answer = os.fork()
            if not answer:
                connection.close()
                os.close(ready)
                _become(request, files)
                os.close(becoming)
                return list(request['words'])
            for file in (*files, becoming):
                os.close(file)
            os.read(ready, 1)
            os.close(ready)
        connection.send(json.dumps(answer).encode())


def _become(request: dict[str, Any], files: Sequence[int]) -> None:
    """Take over what a process gets from the one that starts it."""
    for target, file in enumerate(files, start=1):
        os.dup2(file, target)
        os.close(file)
    os.environ.clear()
    os.environ.update(request['environment'])
    os.chdir(request['cwd'])
    as_child()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.stdout.reconfigure(write_through='PYTHONUNBUFFERED' in os.environ)
    if 'PYTHONFAULTHANDLER' in os.environ:
        faulthandler.enable()


def _run(words: list[str]) -> None:
    _, flag, program, *arguments = words
    sys.argv = [flag, *arguments]
    if flag == '-m':
        # As it runs, it is not imported yet.
        for name in (program, f'{program}.__main__'):
            sys.modules.pop(name, None)
        runpy.run_module(program, run_name='__main__', alter_sys=True)
    else:
        exec(compile(program, '<string>', 'exec'), {'__name__': '__main__'})


def main(descriptor: int) -> None:
    """Import what programs import, and fork on request, until there are no more requests."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    compile_untraced()
    for name in _PACKAGES:
        package = import_module(f'vprtempo_ros.{name}')
        for module in iter_modules(package.__path__, f'{package.__name__}.'):
            import_module(module.name)
    for name in _LATER:
        import_module(name)
    for name in _MESSAGES:
        for part in ('msg', 'srv'):
            with suppress(ModuleNotFoundError):
                import_module(f'{name}.{part}')
    for name in cdr.DEFINITIONS:
        cdr.prepare(name)
    cdr.typestore()
    # rclpy's logger asks for the module of its caller, and so for the files of all modules.
    inspect.getmodule(sys._getframe())
    assert not {'rclpy', 'torch'} & set(sys.modules)
    # What was imported is not looked through again, and stays shared.
    gc.collect()
    gc.freeze()
    with socket.socket(fileno=descriptor) as connection:
        words = _serve(connection)
    if words is not None:
        _run(words)


if __name__ == '__main__':
    main(int(sys.argv[1]))
