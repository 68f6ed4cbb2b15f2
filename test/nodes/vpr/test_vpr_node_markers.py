"""Markers of vpr_node: route, match and label; only changes are sent, to all subscribers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from rclpy.qos import DurabilityPolicy, QoSProfile
from support import ros
from support.helpers import map_around, tiny_config, tiny_map
from support.ros import ACTIVATE, DEACTIVATE, SINGLE, Client, frame_message
from visualization_msgs.msg import Marker, MarkerArray

from vprtempo_ros.maps.layout import layout_of
from vprtempo_ros.maps.places import Place
from vprtempo_ros.maps.store import load, save
from vprtempo_ros.network.segments import Segments
from vprtempo_ros.nodes.vpr.outputs.markers import match_markers, route_markers

LATCHED = QoSProfile(depth=10, durability=DurabilityPolicy.TRANSIENT_LOCAL)
VOLATILE = QoSProfile(depth=10)


class Scene:
    """What a viewer shows of the markers it got: as RViz, by namespace and id."""

    def __init__(self, arrays: list[Any]) -> None:
        self.shown: dict[tuple[str, int], Any] = {}
        self.changes: list[tuple[str, int]] = []
        for array in arrays:
            for marker in array.markers:
                self.changes.append((marker.ns, marker.action))
                if marker.action == Marker.DELETE:
                    self.shown.pop((marker.ns, marker.id), None)
                else:
                    assert marker.action == Marker.ADD
                    self.shown[marker.ns, marker.id] = marker

    def count(self, name: str) -> int:
        """Return how often a namespace was sent or deleted."""
        return sum(ns == name for ns, _ in self.changes)

    @property
    def label(self) -> str:
        """What the label says, empty without one."""
        return self.shown['label', 0].text if ('label', 0) in self.shown else ''


def labelled(arrays: list[Any], text: str) -> Callable[[], bool]:
    """Return a condition: the label says this."""
    return lambda: bool(arrays) and Scene(arrays).label == text


def test_route_and_match(street, tmp_path: Path) -> None:
    """The route is sent once, match and label when they change, and go where it is unknown."""
    loaded = load(street.map)
    places = street.places()
    positions = np.array([place.pose.position for place in loaded.places])
    with (
        ros.node(tmp_path, 'vpr_node', parameters={'map': street.map, **SINGLE}) as _,
        Client() as client,
    ):
        client.await_listener()
        arrays = client.listen(MarkerArray, 'markers', LATCHED).heard
        # The route needs no frame.
        client.spin_until(lambda: bool(arrays), 'the route')
        for marker in Scene(arrays).shown.values():
            assert (marker.header.frame_id, marker.frame_locked) == ('odom', True)
            assert (marker.header.stamp.sec, marker.header.stamp.nanosec) == (0, 0)
            assert marker.color.a > 0
            assert marker.pose.orientation.w == 1
        line, spheres = Scene(arrays).shown['route', 0], Scene(arrays).shown['places', 0]
        assert [[p.x, p.y, p.z] for p in spheres.points] == positions.tolist()
        assert len(line.points) == 2 * (len(positions) - 1)
        assert [[p.x, p.y, p.z] for p in line.points[1::2]] == positions[1:].tolist()
        # The same place twice, another one, nothing known.
        client.ask(frame_message(places[3], 10**9))
        client.spin_until(labelled(arrays, 'place 3'), 'place 3')
        client.ask(frame_message(places[3], 2 * 10**9))
        client.ask(frame_message(places[9], 3 * 10**9))
        client.spin_until(labelled(arrays, 'place 9'), 'place 9')
        match = Scene(arrays).shown['match', 0].pose.position
        assert [match.x, match.y, match.z] == positions[9].tolist()
        assert client.set_parameter('match.min_confidence', 1.0).successful
        client.ask(frame_message(places[9], 4 * 10**9))
        client.spin_until(labelled(arrays, ''), 'no label')
        client.ask(frame_message(places[4], 5 * 10**9))
        client.spin_for(1.5)
        scene = Scene(arrays)
        assert set(scene.shown) == {('route', 0), ('places', 0)}
        assert scene.changes == [
            ('route', Marker.ADD),
            ('places', Marker.ADD),
            ('match', Marker.ADD),
            ('label', Marker.ADD),
            ('match', Marker.ADD),
            ('label', Marker.ADD),
            ('match', Marker.DELETE),
            ('label', Marker.DELETE),
        ]


def test_late_subscribers(street, tmp_path: Path) -> None:
    """Who comes later gets route and present match, whether or not it asks for what was kept."""
    places = street.places()
    with (
        ros.node(tmp_path, 'vpr_node', parameters={'map': street.map, **SINGLE}),
        Client() as client,
        Client() as late,
        Client() as rviz,
    ):
        client.await_listener()
        early = client.listen(MarkerArray, 'markers', LATCHED)
        client.ask(frame_message(places[5], 10**9))
        client.spin_until(labelled(early.heard, 'place 5'), 'place 5')
        asking = late.listen(MarkerArray, 'markers', LATCHED).heard
        late.spin_until(labelled(asking, 'place 5'), 'the kept match')
        late.spin_until(lambda: Scene(asking).count('route') == 1, 'the kept route')
        client.spin_for(1.5)
        # Nothing was sent again for it.
        assert Scene(early.heard).count('route') == Scene(early.heard).count('match') == 1
        # RViz's default does not ask.
        volatile = rviz.listen(MarkerArray, 'markers', VOLATILE).heard
        rviz.spin_until(labelled(volatile, 'place 5'), 'the match')
        rviz.spin_until(lambda: Scene(volatile).count('route') > 0, 'the route')
        rviz.spin_for(1.5)
        assert Scene(volatile).count('route') == Scene(volatile).count('match') == 1


def test_what_is_over_is_not_kept(street, tmp_path: Path) -> None:
    """An inactive node shows no match, nor does one whose last listener left, to the next."""
    places = street.places()
    with (
        ros.node(tmp_path, 'vpr_node', parameters={'map': street.map, **SINGLE}),
        Client() as client,
        Client() as late,
    ):
        client.await_listener()
        first = client.listen(MarkerArray, 'markers', LATCHED)
        client.ask(frame_message(places[5], 10**9))
        client.spin_until(labelled(first.heard, 'place 5'), 'place 5')
        assert client.change(DEACTIVATE)
        client.spin_until(labelled(first.heard, ''), 'no match while inactive')
        assert client.change(ACTIVATE)
        client.await_listener()
        client.ask(frame_message(places[6], 2 * 10**9))
        client.spin_until(labelled(first.heard, 'place 6'), 'place 6')
        client.ignore(first)
        # Between two answers, which it gives in turn, the node has looked at its listeners.
        client.await_discovery()
        client.spin_for(0.6)
        client.await_discovery()
        second = late.listen(MarkerArray, 'markers', LATCHED).heard
        late.spin_until(lambda: Scene(second).count('route') == 1, 'the route')
        late.spin_for(1.0)
        assert Scene(second).label == ''
        client.ask(frame_message(places[6], 3 * 10**9))
        late.spin_until(labelled(second, 'place 6'), 'place 6 again')


def test_a_map_without_poses_is_a_line(tmp_path: Path) -> None:
    """Its places lie along x in frame map, a metre apart, as those of the belief."""
    known = tiny_map()
    places = [Place(place.stamp_ns, None, '', '') for place in known.places]
    folder = save(
        map_around(
            known.network,
            known.spikes,
            tiny_config(Path('route')),
            places,
            provenance=known.provenance,
        ),
        tmp_path / 'map',
    )
    with ros.node(tmp_path, 'vpr_node', parameters={'map': folder}), Client() as client:
        arrays = client.listen(MarkerArray, 'markers', LATCHED).heard
        client.spin_until(lambda: bool(arrays), 'the route')
        spheres = Scene(arrays).shown['places', 0]
        assert spheres.header.frame_id == 'map'
        assert [(p.x, p.y, p.z) for p in spheres.points] == [(n, 0, 0) for n in range(6)]


def test_places_without_poses_are_left_out() -> None:
    """The line is interrupted at such a place, and matching it removes the match."""
    layout = layout_of(tiny_map().places)
    line, spheres = route_markers(layout).markers
    # Six places, the fourth is nowhere: 0-1, 1-2, 4-5.
    assert len(spheres.points) == 5
    assert np.round([p.x for p in line.points], 3).tolist() == [0, 0.1, 0.1, 0.2, 0.4, 0.5]
    assert {m.action for m in match_markers(layout, 3).markers} == {Marker.DELETE}
    assert match_markers(layout, 4).markers[1].text == 'place 4'


def test_segments_are_not_connected_and_labels_are_shown() -> None:
    """The line ends with a segment; a place with a label is called by it."""
    layout = layout_of(tiny_map().places, Segments.of([1, 5]), {4: 'dock'})
    line, _ = route_markers(layout).markers
    assert np.round([p.x for p in line.points], 3).tolist() == [0.1, 0.2, 0.4, 0.5]
    assert match_markers(layout, 4).markers[1].text == 'dock'


def test_a_single_place() -> None:
    """No list of markers is empty, which RViz would call an error."""
    layout = layout_of(tiny_map().places[:1])
    shown = [marker.ns for marker in route_markers(layout).markers if marker.action == Marker.ADD]
    assert shown == ['places']
    assert layout.spacing == 1
