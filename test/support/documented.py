"""The commands of the documentation, and a sandbox in which they run one after the other."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import sys
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml

from support import ROOT, forking, ros
from support.launching import Started, described, own_executable, running
from support.pages import Block
from support.teaching import Teacher
from vprtempo_ros.config import NodeConfig, TrainerConfig
from vprtempo_ros.demo.processes import ros_environment
from vprtempo_ros.options import options
from vprtempo_ros.sources.bag_writer import BagWriter
from vprtempo_ros.sources.bags import BagReader
from vprtempo_ros.sources.cdr import read_message, typestore

# Time for a command, in seconds; training by gradient takes half a minute on a quiet machine.
_TIMEOUT = 400.0

LOCALISED = 'geometry_msgs/msg/PoseWithCovarianceStamped'

# Commands that do not run here, and why; most of them are checked instead (`_check_...`).
NOT_RUN = {
    'sudo': 'needs root; its packages are compared with those that CI installs',
    'git': 'needs the network and the address of a repository',
    'cd': 'belongs to the commands before and after it',
    'rosdep': 'needs the lists of ROS from the network',
    'pip': 'needs the network; its packages are compared with env/*.txt',
    'colcon': 'test_package.py builds the package with it',
    'source': 'belongs to colcon',
    'export': 'sets a variable for the shell; the file that it names must exist',
    'dask': 'runs until it is ended; test_dask_cluster.py starts scheduler and workers',
    'make': 'CI or tests of their own run the targets; they are compared with the Makefile',
    'rviz2': 'is available from apt only; test_launch.py checks how it is started',
    'nav2_lifecycle_manager': 'needs Nav2 from apt; test_lifecycle_manager.py makes its calls',
}

# What a program prints when it is ready; before that, SIGINT ends it with another status.
READY = {'vpr_node': 'listening on', 'trainer_node': 'ready: call', 'view': 'http://'}


class Sandbox:
    """A home folder with recordings and maps, in which commands run one after the other."""

    def __init__(self, home: Path, stack: ExitStack) -> None:
        self.home = home
        self._stack = stack
        self._running: dict[str, tuple[ExitStack, Any, Path]] = {}
        self._logs = home / 'logs'
        self._logs.mkdir()
        self._drive: Any = None

    def run(self, block: Block) -> None:
        """Run the commands of a shell block."""
        for command in block.commands():
            words = [os.path.expandvars(os.path.expanduser(word)) for word in shlex.split(command)]
            print(f'$ {command}', flush=True)
            if words[0] in NOT_RUN:
                getattr(self, f'_check_{words[0]}', lambda words: None)(words)
            elif words[:2] == ['ros2', 'run'] and words[2] in NOT_RUN:
                self._check_params_files(words)
            else:
                assert words[0] == 'ros2', f'cannot run here: {command}'
                getattr(self, f'_{words[1]}')(words[2:])

    def run_python(self, text: str) -> None:
        """Run a block of Python; a map that it builds is not there before."""
        for path in re.findall(r"build_map\('[^']+', '([^']+)'", text):
            shutil.rmtree(self.home / path, ignore_errors=True)
        done = forking.run([sys.executable, '-c', text], _TIMEOUT, dict(os.environ))
        assert done.returncode == 0, done.stderr

    def end_all(self) -> None:
        """End all running processes as Ctrl-C does; each must end with status 0."""
        for name in list(self._running):
            self._end(name)

    def _run(self, words: list[str]) -> None:
        assert words[0] == 'vprtempo_ros', words
        name, arguments = words[1], words[2:]
        if name in ('vpr_node', 'show_matches', 'view') or '--loop' in arguments:
            if name == 'view':
                # Another process on this machine may use the default port.
                arguments = ['--port', '0', *arguments]
            self._start(Started('vprtempo_ros', name, arguments))
            return
        done = forking.run([*own_executable(name), *arguments], _TIMEOUT, ros_environment())
        assert done.returncode == 0, done.stdout + done.stderr
        assert 'Traceback' not in done.stderr, done.stderr

    def _launch(self, words: list[str]) -> None:
        assert words[0] == 'vprtempo_ros', words
        given = dict(word.split(':=', 1) for word in words[2:])
        processes, _ = described(words[1], **given)
        if 'train' in words[1]:
            # Prepared for pages that do not train it.
            shutil.rmtree(Path(given['map']).expanduser(), ignore_errors=True)
        self.end_all()
        ending = []
        for process in processes:
            if process.ends_all or process.executable == 'wait_until_active':
                ending.append(process)
            elif process.package not in NOT_RUN:
                self._start(process, given.get('autostart') != 'false')
        while ending:
            process = ending.pop(0)
            if not process.ends_all and process.executable == 'ros2':
                self._start(process)
                continue
            with running([process], self._logs) as ((started, log),):
                assert started.wait(_TIMEOUT) == 0, log.read_text()
            ending += process.ended(0).started

    def _start(self, process: Started, active: bool = True) -> None:
        name = f'{process.namespace}/{process.name or process.executable}'
        if name in self._running:
            self._end(name)
        inner = ExitStack()
        ((started, log),) = inner.enter_context(running([process], self._logs))
        self._running[name] = inner, started, log
        self._stack.push(inner)
        ready = READY.get(process.executable, '') if active else ''
        ros.until(
            lambda: ready in log.read_text() or started.poll() is not None,
            lambda: f'{ready!r} from {name}; its output:\n{log.read_text()}',
        )
        assert started.poll() is None, log.read_text()

    def _end(self, name: str) -> None:
        inner, started, log = self._running.pop(name)
        assert started.poll() is None, log.read_text()
        started.send_signal(signal.SIGINT)
        assert started.wait(_TIMEOUT) == 0, log.read_text()
        # rclpy cannot clean up a task that a signal has interrupted while it was being created.
        output = re.sub(
            r'Exception ignored in: <function Future.__del__.*?\nAttributeError.*?\n',
            '',
            log.read_text(),
            flags=re.DOTALL,
        )
        assert 'Traceback' not in output, output
        inner.close()

    def _bag(self, words: list[str]) -> None:
        if words[0] == 'play':
            arguments = words[1:]
            process = Started('', 'ros2', ['bag', 'play', *arguments])
            if '--loop' in arguments:
                self._start(process)
            else:
                with running([process], self._logs) as ((started, log),):
                    assert started.wait(_TIMEOUT) == 0, log.read_text()
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
                f'a publisher or subscriber of {words[1]}',
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
        assert len(words) == 3, 'only requests without fields are supported'
        node, _, name = words[1].rpartition('/')
        if node == '/trainer_node':
            self._teach(name)
            return
        with ros.Client(node) as client:
            response = client._call(service, name, service.Request())
        assert getattr(response, 'success', True), response

    def _teach(self, name: str) -> None:
        """Call a service of live teaching; a drive is replayed between start and finish."""
        teacher = Teacher()
        try:
            if name == 'start':
                drive = Started('vprtempo_ros', 'replay', ['monday', '--wait', '60', '--rate', '4'])
                ((self._drive, _),) = self._stack.enter_context(running([drive], self._logs))
                teacher.start()
            else:
                assert name == 'finish', name
                assert self._drive.wait(_TIMEOUT) == 0
                done, message = teacher.call(name)
                assert done, message
                teacher.await_state('idle')
        finally:
            teacher.close()

    def _check_sudo(self, words: list[str]) -> None:
        assert words[1:3] == ['apt', 'install'], words
        installed = (ROOT / '.ci' / 'run').read_text() + ' git'
        for word in words[3:]:
            assert re.search(rf'(?<![\w-]){re.escape(word)}(?![\w-])', installed), word

    def _check_pip(self, words: list[str]) -> None:
        pinned = ' '.join(file.read_text().lower() for file in (ROOT / 'env').glob('*.txt'))
        for word in words[2:]:
            if not word.startswith('-'):
                assert re.split(r'[<>=]', word)[0] in pinned, word

    def _check_export(self, words: list[str]) -> None:
        for name in re.findall(r'(?<=/)config/\S+', ' '.join(words)):
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


def record(bag: Path, topics: list[str], drive: Path) -> None:
    """Write a bag with these topics; the messages of each are those of a drive."""
    with BagReader(drive) as source, BagWriter(bag) as writer:
        for raw in source.messages(list(source.topics)):
            kind = source.topics[raw.topic].type
            message = read_message(raw.data, kind)
            for topic in topics:
                # All cameras have the same images, and AMCL has the poses of the odometry.
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
