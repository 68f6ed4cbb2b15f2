"""RViz's configuration, which cannot be opened here, against the topics that it shows."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from support import ROOT

from vprtempo_ros.interface import IMAGE, NODES, OUT

FILE = ROOT / 'rviz' / 'vpr.rviz'
# What displays of rviz_default_plugins subscribe to, from their sources.
TYPES = {
    'MarkerArray': 'visualization_msgs/msg/MarkerArray',
    'PointCloud2': 'sensor_msgs/msg/PointCloud2',
    'PoseWithCovariance': 'geometry_msgs/msg/PoseWithCovarianceStamped',
    'Image': 'sensor_msgs/msg/Image',
}
# Classes that RViz 2 (Humble to Kilted) brings, of those that the file may use.
KNOWN = {
    'rviz_common': {'Displays', 'Views', 'Time'},
    'rviz_default_plugins': {
        *TYPES,
        'Grid',
        'MoveCamera',
        'Select',
        'FocusCamera',
        'Measure',
        'SetInitialPose',
        'TopDownOrtho',
        'TF',
    },
}
# By the words of the table of topics: what a publisher offers.
OFFERS = {'reliable': ('Reliable', 'Volatile'), 'latched': ('Reliable', 'Transient Local')}
POLICIES = {
    'History Policy': {'Keep Last', 'Keep All', 'System Default'},
    'Reliability Policy': {'Reliable', 'Best Effort'},
    'Durability Policy': {'Volatile', 'Transient Local'},
}


def content() -> dict[str, Any]:
    return yaml.safe_load(FILE.read_text())


def displays() -> list[dict[str, Any]]:
    return content()['Visualization Manager']['Displays']


def shown(kind: str) -> list[dict[str, Any]]:
    return [display for display in displays() if display['Class'].endswith(f'/{kind}')]


def classes(part: Any) -> list[str]:
    """Return all classes that are named anywhere below."""
    if isinstance(part, list):
        return [name for item in part for name in classes(item)]
    if not isinstance(part, dict):
        return []
    own = [part['Class']] if part.get('Class') else []
    return own + [name for item in part.values() for name in classes(item)]


def test_classes_are_those_of_rviz_2() -> None:
    """No plugin but those that come with RViz, by their full names."""
    found = classes(content())
    assert len(found) >= 14
    for name in found:
        package, _, kind = name.partition('/')
        assert kind in KNOWN[package], name


@pytest.mark.parametrize(
    'display', [d for d in displays() if 'Topic' in d], ids=lambda display: display['Name']
)
def test_every_topic_is_one_of_the_node(display: dict[str, Any]) -> None:
    """It is in the table with the type that the display takes, and QoS that goes with it."""
    topic = display['Topic']
    for policy, allowed in POLICIES.items():
        assert topic[policy] in allowed
    assert isinstance(topic['Depth'], int)
    kind = TYPES[display['Class'].rpartition('/')[2]]
    if topic['Value'] in (IMAGE.name, f'{IMAGE.name}/compressed'):
        # The camera's: its drivers publish best effort, which a reliable subscriber misses. A
        # display of Image takes CompressedImage if its topic ends with the name of the transport.
        assert kind in IMAGE.types
        assert topic['Reliability Policy'] == 'Best Effort'
        return
    # Relative, so that RViz in the namespace of a node shows that node.
    entries = {
        f'vpr_node/{entry.name.removeprefix("~/")}': entry
        for entry in NODES['vpr_node']
        if entry.direction == OUT
    }
    entry = entries[topic['Value']]
    assert entry.types == (kind,)
    reliability, durability = OFFERS[entry.qos]
    assert topic['Reliability Policy'] in ('Best Effort', reliability)
    assert topic['Durability Policy'] in ('Volatile', durability)
    # What is latched is asked for as such, or the route would come late.
    assert topic['Durability Policy'] == durability


def test_everything_of_the_issue_is_shown() -> None:
    """Route, belief by confidence on a fixed scale, pose with covariance, query and match."""
    (markers,) = shown('MarkerArray')
    assert set(markers['Namespaces']) == {'route', 'places', 'match', 'label'}
    (belief,) = shown('PointCloud2')
    assert belief['Channel Name'] == 'confidence'
    assert belief['Color Transformer'] == 'Intensity'
    assert belief['Autocompute Intensity Bounds'] is False
    assert (belief['Min Intensity'], belief['Max Intensity']) == (0, 1)
    assert belief['Min Color'] != belief['Max Color']
    (pose,) = shown('PoseWithCovariance')
    assert pose['Covariance']['Position']['Value'] is True
    assert 'Query and match' in [image['Name'] for image in shown('Image') if image['Enabled']]
    assert content()['Visualization Manager']['Global Options']['Fixed Frame'] == 'map'
