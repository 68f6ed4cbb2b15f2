"""Camera and vpr_node on two hosts: network namespaces, joined by a veth pair."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from support import ROOT

pytest.importorskip('rclpy', reason='needs ROS 2: make setup')


def refusal() -> str:
    """Return why namespaces cannot be made here; empty: they can."""
    words = ['unshare', '-rn', 'ip', 'link', 'add', 'va', 'type', 'veth', 'peer', 'name', 'vb']
    try:
        found = subprocess.run(words, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return found.stderr.strip() if found.returncode else ''


@pytest.mark.long
@pytest.mark.parametrize('reliability', ['best_effort', 'reliable'])
def test_losses_between_two_hosts(street, reliability: str) -> None:
    """Best effort loses VGA images, and says so with the remedy; reliable holds them."""
    if reason := refusal():
        pytest.skip(f'no network namespaces here: {reason}')
    env = {
        **os.environ,
        'FASTDDS_BUILTIN_TRANSPORTS': 'UDPv4',
        'ROS_AUTOMATIC_DISCOVERY_RANGE': 'SUBNET',
        'PYTHONPATH': os.pathsep.join([str(ROOT), str(ROOT / 'test')]),
    }
    # The profile for one host has transports of its own.
    env.pop('FASTRTPS_DEFAULT_PROFILES_FILE', None)
    env.pop('FASTDDS_DEFAULT_PROFILES_FILE', None)
    words = [sys.executable, '-m', 'support.two_hosts', str(street.map), reliability]
    done = subprocess.run(
        ['unshare', '-rn', *words], env=env, capture_output=True, text=True, timeout=280
    )
    assert done.returncode == 0, done.stdout + done.stderr
    *_, last = re.findall(r'^(\d+) received, (\d+) lost: (.*)', done.stdout, re.MULTILINE)
    received, lost, message = int(last[0]), int(last[1]), last[2]
    if reliability == 'reliable':
        assert (received >= 100, lost) == (True, 0), done.stdout
        return
    if lost <= 0.1 * received:
        pytest.skip(f'the link lost only {lost} of {received + lost} images')
    assert 'images lost in' in message
    assert '/camera offers reliable: set input.reliability to reliable' in message
