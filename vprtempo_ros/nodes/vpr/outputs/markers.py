"""Route, matched place and label as markers; of each, only what changed is sent."""

from __future__ import annotations

import threading
from typing import Any, Sequence

import numpy as np
from geometry_msgs.msg import Point, Pose, Quaternion, Vector3
from numpy.typing import NDArray
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode
from rclpy.qos import DurabilityPolicy
from std_msgs.msg import ColorRGBA, Header
from visualization_msgs.msg import Marker, MarkerArray

from ....interface import MARKERS
from ....maps.layout import Layout
from ...common.qos import LATCHED

ROUTE, PLACES, MATCH, LABEL = 'route', 'places', 'match', 'label'
# How often new subscribers are looked for, in seconds.
_PERIOD = 0.5

_GREY = ColorRGBA(r=0.55, g=0.6, b=0.65, a=1.0)
_BLUE = ColorRGBA(r=0.25, g=0.45, b=0.75, a=1.0)
_ORANGE = ColorRGBA(r=1.0, g=0.55, b=0.0, a=0.8)
_WHITE = ColorRGBA(r=1.0, g=1.0, b=1.0, a=1.0)


class Markers:
    """
    The topic ~/markers.

    The route goes out once, when somebody listens for the first time, and again only for those
    who come later without asking for what was kept (volatile, RViz's default). The match goes out
    when it changes. These are two writers on one topic, since each keeps its own last message for
    late subscribers. Without subscribers nothing is made.

    Stamps are zero and markers are locked to their frame: RViz takes the latest transform, and
    draws them anew when that of a map's `odom` is corrected.
    """

    def __init__(self, node: LifecycleNode, layout: Layout) -> None:
        """Make the topic, which is silent until the node is active."""
        self._node, self._layout = node, layout
        self._route = node.create_lifecycle_publisher(MarkerArray, MARKERS.name, LATCHED)
        self._match = node.create_lifecycle_publisher(MarkerArray, MARKERS.name, LATCHED)
        self._lock = threading.Lock()
        self._sent: MarkerArray | None = None
        self._seen: set[Any] = set()
        self._served: set[Any] = set()
        self._route_kept = False
        self._timer = node.create_timer(
            _PERIOD, self._serve_new, clock=Clock(clock_type=ClockType.STEADY_TIME)
        )
        self._place: int | None = None

    def show(self, places: Sequence[int] | NDArray[np.intp]) -> None:
        """Mark the first of these places, or none, if somebody listens and it is another one."""
        if not self._route.get_subscription_count():
            return
        place = int(places[0]) if len(places) else None
        with self._lock:
            if self._sent is None or place != self._place:
                self._send_match(place)

    def clear(self) -> None:
        """Take the match away, since nothing is recognised any longer."""
        with self._lock:
            if self._sent is not None and self._place is not None:
                self._send_match(None)

    def set_layout(self, layout: Layout) -> None:
        """Show the places of another map; not at the same time as others are called."""
        self.clear()
        self._layout = layout
        if self._route_kept and self._route.is_activated:
            self._route.publish(route_markers(layout))
        else:
            # What is kept is of a map that is gone; those who had it get the new one.
            self._route_kept, self._served = False, set()

    def destroy(self) -> None:
        """Take the topic away."""
        self._node.destroy_timer(self._timer)
        for publisher in (self._route, self._match):
            self._node.destroy_lifecycle_publisher(publisher)

    def _send_match(self, place: int | None) -> None:
        self._place = place
        self._sent = match_markers(self._layout, place)
        self._match.publish(self._sent)

    def _serve_new(self) -> None:
        """Send what a subscriber needs that has come since the last time."""
        if not self._route.is_activated:
            return
        if not self._route.get_subscription_count():
            # What is kept must not tell the next one of a match that is long over.
            self.clear()
            self._seen, self._served = set(), set()
            return
        listeners = {
            bytes(info.endpoint_gid): info.qos_profile.durability
            for info in self._node.get_subscriptions_info_by_topic(self._route.topic_name)
        }
        asking = {
            gid
            for gid, durability in listeners.items()
            if durability == DurabilityPolicy.TRANSIENT_LOCAL
        }
        # Known here, a listener may not know of this writer yet; a while later it does.
        settled = self._seen & set(listeners) - asking
        self._seen = set(listeners)
        if (asking and not self._route_kept) or settled - self._served:
            self._route.publish(route_markers(self._layout))
            self._route_kept = True
            with self._lock:
                if self._sent is not None and settled - self._served:
                    self._match.publish(self._sent)
        self._served = asking | settled


def route_markers(layout: Layout) -> MarkerArray:
    """Return the places, and a line along them that is interrupted where one has no pose."""
    known = np.logical_and.reduce(np.isfinite(layout.positions), axis=1)
    points = [Point(x=x, y=y, z=z) for x, y, z in layout.positions.tolist()]
    pairs = np.flatnonzero(known[:-1] & known[1:]).tolist()
    line = _marker(layout, ROUTE, Marker.LINE_LIST, _GREY, Vector3(x=0.12 * layout.spacing))
    line.points = [point for first in pairs for point in points[first : first + 2]]
    size = 0.3 * layout.spacing
    places = _marker(layout, PLACES, Marker.SPHERE_LIST, _BLUE, Vector3(x=size, y=size, z=size))
    places.points = [points[place] for place in np.flatnonzero(known).tolist()]
    for marker in (line, places):
        if not marker.points:
            # RViz calls a list without points an error, and may still show that of another map.
            marker.action = Marker.DELETE
    return MarkerArray(markers=[line, places])


def match_markers(layout: Layout, place: int | None) -> MarkerArray:
    """Return markers for the matched place, or their removal where it is unknown or nowhere."""
    if place is None or not np.isfinite(layout.positions[place]).all():
        return MarkerArray(
            markers=[
                Marker(header=Header(frame_id=layout.frame_id), ns=name, action=Marker.DELETE)
                for name in (MATCH, LABEL)
            ]
        )
    x, y, z = layout.positions[place].tolist()
    size = layout.spacing
    match = _marker(layout, MATCH, Marker.SPHERE, _ORANGE, Vector3(x=size, y=size, z=size))
    match.pose.position = Point(x=x, y=y, z=z)
    label = _marker(layout, LABEL, Marker.TEXT_VIEW_FACING, _WHITE, Vector3(z=1.5 * size))
    label.pose.position = Point(x=x, y=y, z=z + 1.5 * size)
    label.text = f'place {place}'
    return MarkerArray(markers=[match, label])


def _marker(layout: Layout, name: str, kind: int, colour: ColorRGBA, scale: Vector3) -> Marker:
    return Marker(
        header=Header(frame_id=layout.frame_id),
        ns=name,
        type=kind,
        action=Marker.ADD,
        pose=Pose(orientation=Quaternion(w=1.0)),
        scale=scale,
        color=colour,
        frame_locked=True,
    )
