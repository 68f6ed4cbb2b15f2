"""
Processes of the package that need not import it: forks of one that has.

Imports are most of what a node or a tool costs, and coverage doubles them. A fork runs what
`python -m MODULE` and `python -c CODE` run, with the environment, the folder and the output that
it is given. What is about the start itself (imports, interrupts during them) needs an interpreter
of its own.

At its end a fork does what Python does, but for taking all modules apart. That writes to the memory
which it shares until then, and is a quarter of what a node costs.
"""

from __future__ import annotations

import atexit
import ctypes
import faulthandler
import gc
import inspect
import json
import os
import posix
import re
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
from functools import cache
from importlib import import_module
from itertools import product
from pathlib import Path
from pkgutil import iter_modules, walk_packages
from typing import IO, Any

from support import ROOT, environment
from support.compiling import compile_once
from support.measuring import MEASURED, PROCESSES, TEST, draw_untraced, enter_test
from vprtempo_ros.demo.processes import as_child, ended_after
from vprtempo_ros.sources import cdr

# Packages without PyTorch, of which every module is imported.
_PACKAGES = (
    *('demo', 'encoding', 'energy', 'evaluation', 'events', 'executors', 'health', 'learning'),
    *('localisation', 'maps', 'matching', 'network', 'sources', 'support', 'tools', 'view'),
)
# Programs that draw with matplotlib, whose import is half of what they cost for a short route.
_DRAWING = ('demo', 'tools.energy', 'tools.evaluate', 'tools.integer_walk')
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
                env=environment() | ({PROCESSES: MEASURED} if MEASURED else {}),
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


_server: _Server | None = None


def end_server() -> None:
    """End the process that forks others, so that what it has covered is written."""
    global _server
    if _server is not None:
        _server.close()
        _server = None


def start(
    words: Sequence[str], environment: dict[str, str], output: IO[str], errors: int | IO[str]
) -> Forked:
    """
    Start `python -m MODULE ARGUMENTS` or `python -c CODE ARGUMENTS`.

    :param errors: where these go, or `subprocess.STDOUT`.
    """
    global _server
    assert words[0] == sys.executable
    assert words[1] in ('-m', '-c'), words
    server = _server = _server or _Server()
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


class _Tracer:
    """
    LTTng, which rclpy brings along: it starts threads, and ends them with the process.

    A fork has no threads but one; these are the functions by which LTTng starts its own again.
    """

    def __init__(self) -> None:
        self._library = None
        # As it is named by a distribution and in a wheel.
        name = re.compile(r'/\S*/liblttng-ust(-[0-9a-f]{8})?\.so\S*$', re.MULTILINE)
        if found := name.search(Path('/proc/self/maps').read_text()):
            self._library = ctypes.CDLL(found.group())
        # Of a sigset_t: the signals that were blocked before.
        self._signals = ctypes.create_string_buffer(128)

    def call(self, name: str) -> None:
        """Call one of `before_fork`, `after_fork_parent` and `after_fork_child`."""
        if self._library is not None:
            # The second one is the name until LTTng 2.12.
            for each in (f'lttng_ust_{name}', f'ust_{name}'):
                if hasattr(self._library, each):
                    self._library[each](self._signals)
                    return
            raise AttributeError(f'LTTng has no function for {name}')


def _serve(connection: socket.socket) -> list[str] | None:
    """Fork for every request; return None at their end, and in a fork what it is to run."""
    tracer = _Tracer()
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
            if _draws(request['words']):
                _prepare_drawing()
            # Closed by the fork once a signal does to it what it does to a new process.
            ready, becoming = os.pipe()
            if PROCESSES not in request['environment']:
                # Coverage looks for it in the fork, and measures nothing without it.
                os.environ.pop(PROCESSES, None)
            tracer.call('before_fork')
            answer = os.fork()
            tracer.call('after_fork_parent' if answer else 'after_fork_child')
            if not answer:
                connection.close()
                os.close(ready)
                _become(request, files)
                os.close(becoming)
                return list(request['words'])
            if MEASURED:
                os.environ[PROCESSES] = MEASURED
            for file in (*files, becoming):
                os.close(file)
            os.read(ready, 1)
            os.close(ready)
        connection.send(json.dumps(answer).encode())


def _draws(words: Sequence[str]) -> bool:
    return any(f'vprtempo_ros.{name}' in words[2].split() for name in _DRAWING)


@cache
def _prepare_drawing() -> None:
    draw_untraced()
    import_module('matplotlib.backends.backend_agg')


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
    if PROCESSES in os.environ and TEST in os.environ:
        # The process that forks was started for another test.
        enter_test(os.environ[TEST])


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


# The exit status of a fork, once it is known.
_status: int | None = None


def _leave() -> None:
    """End a fork, as the last of what Python calls at the end."""
    if _status is None:
        return
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        # Python reports it.
        return
    # Not that of coverage, which has saved its data.
    posix._exit(_status)


def _run_to_end(words: list[str]) -> None:
    """Run a program, and keep the exit status for `_leave`."""
    global _status
    try:
        _run(words)
        _status = 0
    except SystemExit as ended:
        _status = 1 if isinstance(ended.code, str) else int(ended.code or 0)
        raise
    except Exception:
        _status = 1
        raise


def _import_nodes() -> None:
    """Import what nodes import, where rclpy is there, and how their messages are converted."""
    try:
        import_module('rclpy')
    except ModuleNotFoundError:
        return
    for name in ('rclpy.executors', 'rclpy.lifecycle'):
        import_module(name)
    package = import_module('vprtempo_ros.nodes')
    for module in walk_packages(package.__path__, f'{package.__name__}.'):
        import_module(module.name)
    for name, part in product(_MESSAGES, ('msg', 'srv')):
        for kind in vars(sys.modules.get(f'{name}.{part}', object)).values():
            if convert := getattr(type(kind), '__import_type_support__', None):
                convert()


def main(descriptor: int) -> None:
    """Import what programs import, and fork on request, until there are no more requests."""
    # What is registered first is called last.
    atexit.register(_leave)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    compile_once()
    for name in _PACKAGES:
        package = import_module(f'vprtempo_ros.{name}')
        for module in iter_modules(package.__path__, f'{package.__name__}.'):
            import_module(module.name)
    import_module('scipy.linalg')
    for name, part in product(_MESSAGES, ('msg', 'srv')):
        with suppress(ModuleNotFoundError):
            import_module(f'{name}.{part}')
    _import_nodes()
    for name in cdr.DEFINITIONS:
        cdr.prepare(name)
    cdr.typestore()
    # It keeps the real paths of libraries.
    import_module('threadpoolctl').threadpool_info()
    # rclpy's logger asks for the module of its caller, and so for the files of all modules.
    inspect.getmodule(sys._getframe())
    assert 'torch' not in sys.modules
    # Coverage writes with its own one what this process has covered, also from forks.
    os._exit = posix._exit
    # What was imported is not looked through again, and stays shared.
    gc.collect()
    gc.freeze()
    with socket.socket(fileno=descriptor) as connection:
        words = _serve(connection)
    if words is not None:
        _run_to_end(words)


if __name__ == '__main__':
    main(int(sys.argv[1]))
