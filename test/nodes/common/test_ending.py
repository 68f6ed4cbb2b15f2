"""How programs end: in the same way, and undisturbed by further signals."""

from __future__ import annotations

import signal
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from support import ros


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_repeated_signals(street, tmp_path: Path, number: signal.Signals) -> None:
    """Signals that keep arriving while a program ends neither hang it nor change its status."""
    with ExitStack() as stack:
        nodes = {
            'vpr_node': ros.node(tmp_path, 'vpr_node', parameters={'map': street.map}),
            'show_matches': ros.node(tmp_path, 'show_matches'),
            'view': ros.node(tmp_path, 'view', '--port', '0'),
            'trainer_node': ros.node(
                tmp_path,
                'trainer_node',
                parameters={'live.enabled': 'true', 'map': tmp_path / 'map'},
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
            assert 'left without it' not in node.output(), name
