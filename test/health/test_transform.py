"""Component `transform`: one finding for each problem, and the values."""

from __future__ import annotations

import math

import pytest

from vprtempo_ros.health.status import Level
from vprtempo_ros.health.transform import TransformFindings, TransformState, transform_values

GOOD = TransformState(
    odometry_silence=0.1,
    odometry_seen=True,
    map_frame='map',
    odom_frame='odom',
    restarts=0,
    restart_reason='',
    unmatched=0,
    offset=0.0,
    others='',
    doubt='',
    published=7,
    deviation=(0.5, 0.1),
    since_match=1.5,
    jumps=0,
    rejected=2,
)
PROBLEMS = {
    'no odometry': {'odometry_silence': math.inf, 'odometry_seen': False, 'odom_frame': ''},
    'no frame': {'odom_frame': ''},
    'one frame': {'map_frame': 'odom'},
    'others': {'others': 'another node'},
    'restart': {'restarts': 1, 'restart_reason': 'it jumped'},
    'clock': {'unmatched': 3, 'offset': 4.0},
    'unknown': {'doubt': 'no matches agree yet'},
}


def test_nothing_is_wrong() -> None:
    """No finding holds, and the values say what is published."""
    assert not any(finding.holds for finding in TransformFindings()(GOOD, '/odom'))
    values = dict(transform_values(GOOD))
    assert values['frames'] == 'map -> odom'
    assert values['position deviation (m)'] == '0.50'
    unknown = GOOD._replace(deviation=None, since_match=None, odom_frame='')
    assert dict(transform_values(unknown))['frames'] == 'map -> ?'


@pytest.mark.parametrize('name', PROBLEMS)
def test_one_finding_each(name: str) -> None:
    """Each problem is one finding, also where it makes the position unknown."""
    state = GOOD._replace(**PROBLEMS[name])
    if name in ('no odometry', 'no frame', 'one frame'):
        state = state._replace(doubt='no matches agree yet')
    found = [finding for finding in TransformFindings()(state, '/odom') if finding.holds]
    assert [finding.name for finding in found] == [name]
    assert found[0].level >= Level.WARN


def test_a_restart_is_reported_once() -> None:
    """The next report has only new ones."""
    findings = TransformFindings()
    state = GOOD._replace(restarts=1, restart_reason='it jumped')
    assert any(finding.holds for finding in findings(state, '/odom'))
    assert not any(finding.holds for finding in findings(state, '/odom'))
