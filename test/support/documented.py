"""The commands of the documentation, and a sandbox in which they are carried out one by one."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml

from support import ROOT, ros
from support.launching import Started, described, own_executable, running
from support.teaching import Teacher
from vprtempo_ros.config import NodeConfig, TrainerConfig
from vprtempo_ros.demo.processes import ros_environment
from vprtempo_ros.options import options
from vprtempo_ros.sources.bag_writer import BagWriter
from vprtempo_ros.sources.bags import BagReader
from vprtempo_ros.sources.cdr import read_message, typestore

# How long a command may take that ends by itself, in seconds; training by gradient takes half a
# minute where nothing else is to be done.
_PATIENCE = 400.0

LOCALISED = 'geometry_msgs/msg/PoseWithCovarianceStamped'

# What is not carried out, and why; each still has its check.
NOT_RUN = {
    'git': 'needs the network and the address of a repository',
    'cd': 'goes with what stands before and after it',
    'rosdep': 'needs the lists of ROS from the network',
    'pip': 'needs the network; its packages are held against env/*.txt',
    'colcon': 'test_package.py builds the package with it',
    'source': 'goes with colcon',
    'export': 'sets a variable for the shell; its file is held against the package',
    'make': 'a target of its own, run by CI or by tests of its own; held against the Makefile',
    'rviz2': 'is to be had from apt only; test_launch.py holds what is started against the table',
    'nav2_lifecycle_manager': 'needs Nav2 from apt; test_lifecycle_manager.py makes its calls',
}


@dataclass(frozen=True)
class Block:
    """A fenced block of a page: its language, its text, the line it begins in."""

    language: str
    text: str
    line: int

    def commands(self) -> list[str]:
        """Return the commands of a shell block, without comments, joined where they go on."""
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


class Sandbox:
    """A home folder with recordings and maps, in which commands follow one another."""

    def __init__(self, home: Path, stack: ExitStack) -> None:
        self.home = home
        self._stack = stack
        self._running: dict[str, tuple[ExitStack, Any, Path]] = {}
        self._logs = home / 'logs'
        self._logs.mkdir()
        self._drive: Any = None

    def carry_out(self, block: Block) -> None:
        """Carry out the commands of a block."""
        for command in block.commands():
            words = [os.path.expandvars(os.path.expanduser(word)) for word in shlex.split(command)]
            print(f'$ {command}', flush=True)
            if words[0] in NOT_RUN:
                getattr(self, f'_check_{words[0]}', lambda words: None)(words)
            elif words[:2] == ['ros2', 'run'] and words[2] in NOT_RUN:
                self._check_params_files(words)
            else:
                assert words[0] == 'ros2', f'nothing here can run: {command}'
                getattr(self, f'_{words[1]}')(words[2:])

    def end_all(self) -> None:
        """End everything that still runs, as Ctrl-C does; each must end well."""
        for name in list(self._running):
            self._end(name)

    def _run(self, words: list[str]) -> None:
        assert words[0] == 'vprtempo_ros', words
        name, arguments = words[1], words[2:]
        if name in ('vpr_node', 'show_matches', 'view') or '--loop' in arguments:
            if name == 'view':
                # The usual port may be somebody else's on this machine.
                arguments = ['--port', '0', *arguments]
            self._start(Started('vprtempo_ros', name, arguments))
            return
        done = subprocess.run(
            [*own_executable(name), *arguments],
            env=ros_environment(),
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert 'Traceback' not in done.stderr, done.stderr

    def _launch(self, words: list[str]) -> None:
        assert words[0] == 'vprtempo_ros', words
        given = dict(word.split(':=', 1) for word in words[2:])
        processes, _ = described(words[1], **given)
        if 'train' in words[1]:
            # Prepared for those who do not train it themselves.
            shutil.rmtree(Path(given['map']).expanduser(), ignore_errors=True)
        self.end_all()
        ending = [process for process in processes if process.ends_all]
        for process in processes:
            if process not in ending and process.package not in NOT_RUN:
                self._start(process, given.get('autostart') != 'false')
        for process in ending:
            with running([process], self._logs) as ((started, log),):
                assert started.wait(_PATIENCE) == 0, log.read_text()

    def _start(self, process: Started, active: bool = True) -> None:
        name = f'{process.namespace}/{process.name or process.executable}'
        if name in self._running:
            self._end(name)
        inner = ExitStack()
        ((started, log),) = inner.enter_context(running([process], self._logs))
        self._running[name] = inner, started, log
        self._stack.push(inner)
        if process.executable == 'vpr_node' and active:
            ros.until(
                lambda: 'listening on' in log.read_text() or started.poll() is not None,
                lambda: f'a node that listens; it says:\n{log.read_text()}',
            )
        assert started.poll() is None, log.read_text()

    def _end(self, name: str) -> None:
        inner, started, log = self._running.pop(name)
        assert started.poll() is None, log.read_text()
        started.send_signal(signal.SIGINT)
        assert started.wait(_PATIENCE) == 0, log.read_text()
        # rclpy cannot tidy up a task that a signal has left half made, and says so.
        said = re.sub(
            r'Exception ignored in: <function Future.__del__.*?\nAttributeError.*?\n',
            '',
            log.read_text(),
            flags=re.DOTALL,
        )
        assert 'Traceback' not in said, said
        inner.close()

    def _bag(self, words: list[str]) -> None:
        if words[0] == 'play':
            arguments = words[1:]
            process = Started('', 'ros2', ['bag', 'play', *arguments])
            if '--loop' in arguments:
                self._start(process)
            else:
                with running([process], self._logs) as ((started, log),):
                    assert started.wait(_PATIENCE) == 0, log.read_text()
            return
        assert words[:2] == ['record', '-o'], words
        bag = self.home / words[2]
        if bag.is_symlink():
            bag.unlink()
        record(
            bag,
            words[3:],
            self.home / ('drive_events' if '/event_camera/events' in words else 'drive'),
        )

    def _topic(self, words: list[str]) -> None:
        assert words[0] in ('echo', 'hz', 'info', 'list'), words
        if words[0] == 'list':
            return
        words = [word for word in words if word != '--once']
        with ros.Client() as client:
            graph = client._node
            client.spin_until(
                lambda: graph.count_publishers(words[1]) + graph.count_subscribers(words[1]) > 0,
                f'anybody on {words[1]}',
            )
            if words[0] != 'info':
                client.spin_until(
                    lambda: graph.count_publishers(words[1]) > 0, f'a publisher of {words[1]}'
                )

    def _param(self, words: list[str]) -> None:
        known = {item.name for cls in (NodeConfig, TrainerConfig) for item in options(cls)}
        assert words[2] in known | {'use_sim_time'}, words[2]
        with ros.Client(words[1]) as client:
            if words[0] == 'get':
                assert client.parameter(words[2]) is not None
                return
            assert words[0] == 'set', words
            result = client.set_parameter(words[2], yaml.safe_load(words[3]))
            assert result.successful, result.reason

    def _lifecycle(self, words: list[str]) -> None:
        with ros.Client(words[1]) as client:
            if words[0] == 'get':
                assert client.state() > 0
                return
            number = {
                'configure': ros.CONFIGURE,
                'activate': ros.ACTIVATE,
                'deactivate': ros.DEACTIVATE,
                'cleanup': ros.CLEANUP,
            }[words[2]]
            assert client.change(number), words

    def _service(self, words: list[str]) -> None:
        assert words[0] == 'call', words
        package, _, kind = words[2].replace('/srv/', '/').partition('/')
        service = getattr(import_module(f'{package}.srv'), kind)
        assert len(words) == 3, 'only requests without fields are made here'
        node, _, name = words[1].rpartition('/')
        if node == '/trainer_node':
            self._teach(name)
            return
        with ros.Client(node) as client:
            answer = client._call(service, name, service.Request())
        assert getattr(answer, 'success', True), answer

    def _teach(self, name: str) -> None:
        """Call a service of live teaching; between start and finish the robot drives."""
        teacher = Teacher()
        try:
            if name == 'start':
                drive = Started('vprtempo_ros', 'replay', ['monday', '--wait', '60', '--rate', '4'])
                ((self._drive, _),) = self._stack.enter_context(running([drive], self._logs))
                teacher.start()
            else:
                assert name == 'finish', name
                assert self._drive.wait(_PATIENCE) == 0
                done, said = teacher.call(name)
                assert done, said
                teacher.await_state('idle')
        finally:
            teacher.close()

    def _check_pip(self, words: list[str]) -> None:
        pinned = ' '.join(file.read_text().lower() for file in (ROOT / 'env').glob('*.txt'))
        for word in words[2:]:
            if not word.startswith('-'):
                assert re.split(r'[<>=]', word)[0] in pinned, word

    def _check_export(self, words: list[str]) -> None:
        for name in re.findall(r'vprtempo_ros/share/vprtempo_ros/(\S+)', ' '.join(words)):
            assert (ROOT / name).is_file(), name

    def _check_make(self, words: list[str]) -> None:
        makefile = (ROOT / 'Makefile').read_text()
        for word in words[1:]:
            variable, is_variable, _ = word.partition('=')
            pattern = rf'^#: {variable}:' if is_variable else rf'^{word}:'
            assert re.search(pattern, makefile, re.MULTILINE), word

    def _check_params_files(self, words: list[str]) -> None:
        for number, word in enumerate(words):
            if word == '--params-file':
                assert yaml.safe_load((self.home / words[number + 1]).read_text())


def run_python(text: str) -> None:
    """Run a block of Python in the sandbox."""
    done = subprocess.run(
        [sys.executable, '-c', text], capture_output=True, text=True, timeout=_PATIENCE, check=False
    )
    assert done.returncode == 0, done.stderr


def record(bag: Path, topics: list[str], drive: Path) -> None:
    """Write a bag as if topics of a drive had been recorded, each from one of its type."""
    with BagReader(drive) as source, BagWriter(bag) as writer:
        for raw in source.messages(list(source.topics)):
            kind = source.topics[raw.topic].type
            message = read_message(raw.data, kind)
            for topic in topics:
                # Of several cameras each has seen the same, and AMCL agrees with the odometry.
                if topic == '/amcl_pose' and raw.topic == '/odom':
                    message.header.frame_id = 'map'
                    writer.write(
                        topic,
                        LOCALISED,
                        raw.stamp_ns,
                        typestore().types[LOCALISED](message.header, message.pose),
                    )
                elif topic != '/amcl_pose' and (raw.topic == '/odom') == (topic == '/odom'):
                    writer.write(topic, kind, raw.stamp_ns, message)
