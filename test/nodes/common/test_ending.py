"""How programs end: in the same way, and undisturbed by further signals."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from support import ros

from vprtempo_ros.demo.processes import ros_environment


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_repeated_signals(street, tmp_path: Path, number: signal.Signals) -> None:
    """Signals that keep arriving while a program ends neither hang it nor change its status."""
    with ExitStack() as stack:
        nodes = {
            'vpr_node': ros.node(tmp_path, 'vpr_node', parameters={'map': street.map}, fresh=True),
            'show_matches': ros.node(tmp_path, 'show_matches', fresh=True),
            'view': ros.node(tmp_path, 'view', '--port', '0', fresh=True),
            'trainer_node': ros.node(
                tmp_path,
                'trainer_node',
                parameters={'live.enabled': 'true', 'map': tmp_path / 'map'},
                fresh=True,
            ),
        }
        running = {name: stack.enter_context(node) for name, node in nodes.items()}
        running['show_matches'].wait_for('READY VPRTempo')
        running['view'].wait_for('http://')
        running['trainer_node'].wait_for('ready: call ~/start')
        deadline = time.monotonic() + ros.PATIENCE
        while (
            any(node.process.poll() is None for node in running.values())
            and time.monotonic() < deadline
        ):
            for node in running.values():
                if node.process.poll() is None:
                    node.process.send_signal(number)
            time.sleep(0.002)
        for name, node in running.items():
            # When Python removes its handlers at exit, a signal may still end the process.
            assert node.process.returncode in (0, -number), name
            assert 'Traceback' not in node.output(), name
            assert 'Timeout (' not in node.output(), name


def run_program(text: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a fresh interpreter until it ends; return its status and output."""
    return subprocess.run(
        [sys.executable, '-c', text],
        capture_output=True,
        text=True,
        timeout=ros.PATIENCE,
        env=ros_environment(),
    )


_INTERRUPTED_CALLBACK = """
import os, signal, sys
from rclpy.node import Node
from vprtempo_ros.nodes.common.running import run, spin

class Interrupted(Node):
    def __init__(self):
        super().__init__('interrupted')
        self.create_timer(0.01, self.interrupt)

    def interrupt(self):
        os.kill(os.getpid(), signal.SIGINT)
        print('callback finished', flush=True)

    def end(self):
        print('ended', flush=True)
        return 0

sys.exit(run('interrupted', Interrupted, [], spin))
"""


def test_interrupt_does_not_cut_a_callback_off() -> None:
    """SIGINT ends the spinning after the callback: nothing in rclpy is left half made."""
    done = run_program(_INTERRUPTED_CALLBACK)
    assert (done.returncode, done.stderr) == (0, '')
    assert done.stdout.splitlines()[0] == 'callback finished'
    assert done.stdout.splitlines()[-1] == 'ended'


_HUNG = """
import ctypes, sys
from rclpy.node import Node
from vprtempo_ros.nodes.common import running

class Hung(Node):
    def end(self):
        print('ended')
        return 0

    def destroy_node(self):
        # Holds the interpreter's lock, as rclpy does in the middleware.
        ctypes.PyDLL(None).pause()

running._PATIENCE = 0.5
sys.exit(running.run('hung', lambda: Hung('hung'), [], lambda node: None))
"""


def test_a_middleware_that_hangs_is_left() -> None:
    """No lock of the interpreter is needed for it; what was printed before is there."""
    done = run_program(_HUNG)
    assert (done.returncode, done.stdout) == (1, 'ended\n')
    assert done.stderr.startswith('Timeout (')
    assert ' in destroy_node\n' in done.stderr
