"""Route, matched place and label as markers; only changes are sent."""

from __future__ import annotations

import threading
from typing import Sequence

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
# Period of checking for new subscribers, in seconds.
_PERIOD = 0.5

_GREY = ColorRGBA(r=0.55, g=0.6, b=0.65, a=1.0)
_BLUE = ColorRGBA(r=0.25, g=0.45, b=0.75, a=1.0)
_ORANGE = ColorRGBA(r=1.0, g=0.55, b=0.0, a=0.8)
_WHITE = ColorRGBA(r=1.0, g=1.0, b=1.0, a=1.0)


class Markers:
    """
    The topic ~/markers.

    The route is sent once, to the first subscriber, and again only for late subscribers with
    volatile durability (RViz's default). The match is sent when it changes. These are two writers
    on one topic, because each keeps its own last message for late subscribers with transient local
    durability. Without subscribers nothing is made.

    Stamps are zero and markers are locked to their frame: RViz uses the latest transform, and
    redraws them when that of the map's `odom` is corrected.
    """

    def __init__(self, node: LifecycleNode, layout: Layout) -> None:
        """Make the topic, which is silent until activation."""
        self._node, self._layout = node, layout
        self._route = node.create_lifecycle_publisher(MarkerArray, MARKERS.name, LATCHED)
        self._match = node.create_lifecycle_publisher(MarkerArray, MARKERS.name, LATCHED)
        self._lock = threading.Lock()
        self._sent: MarkerArray | None = None
        # Endpoints of the subscribers at the last check, and of those that have the route.
        self._seen: set[bytes] = set()
        self._served: set[bytes] = set()
        self._route_kept = False
        self._timer = node.create_timer(
            _PERIOD, self._serve_new, clock=Clock(clock_type=ClockType.STEADY_TIME)
        )
        self._place: int | None = None

    def show(self, places: Sequence[int] | NDArray[np.intp]) -> None:
        """Mark the first of these places, or none, if it changed and there are subscribers."""
        if not self._route.get_subscription_count():
            return
        place = int(places[0]) if len(places) else None
        with self._lock:
            if self._sent is None or place != self._place:
                self._send_match(place)

    def clear(self) -> None:
        """Remove the marker of the match."""
        with self._lock:
            if self._sent is not None and self._place is not None:
                self._send_match(None)

    def set_layout(self, layout: Layout) -> None:
        """Show the places of another map; not to be called in parallel with `show`."""
        self.clear()
        self._layout = layout
        if self._route_kept and self._route.is_activated:
            self._route.publish(route_markers(layout))
        else:
            # The kept route is that of the old map; its subscribers get the new one.
            self._route_kept, self._served = False, set()

    def destroy(self) -> None:
        """Remove the topic."""
        self._node.destroy_timer(self._timer)
        for publisher in (self._route, self._match):
            self._node.destroy_lifecycle_publisher(publisher)

    def _send_match(self, place: int | None) -> None:
        self._place = place
        self._sent = match_markers(self._layout, place)
        self._match.publish(self._sent)

    def _serve_new(self) -> None:
        """Send the route to subscribers that are new since the last check."""
        if not self._route.is_activated:
            return
        if not self._route.get_subscription_count():
            # The next subscriber must not get an old match.
            self.clear()
            self._seen, self._served = set(), set()
            return
        subscribers = {
            bytes(info.endpoint_gid): info.qos_profile.durability
            for info in self._node.get_subscriptions_info_by_topic(self._route.topic_name)
        }
        transient = {
            gid
            for gid, durability in subscribers.items()
            if durability == DurabilityPolicy.TRANSIENT_LOCAL
        }
        # A subscriber that is known here may not know this writer yet: serve it at the next check.
        volatile = self._seen & set(subscribers) - transient
        self._seen = set(subscribers)
        if (transient and not self._route_kept) or volatile - self._served:
            self._route.publish(route_markers(self._layout))
            self._route_kept = True
            with self._lock:
                if self._sent is not None and volatile - self._served:
                    self._match.publish(self._sent)
        self._served = transient | volatile


def route_markers(layout: Layout) -> MarkerArray:
    """Return the places, and a line along each segment with gaps at places without pose."""
    known = np.logical_and.reduce(np.isfinite(layout.positions), axis=1)
    points = [Point(x=x, y=y, z=z) for x, y, z in layout.positions.tolist()]
    follows = np.diff(layout.segments.numbers) == 0
    pairs = np.flatnonzero(known[:-1] & known[1:] & follows).tolist()
    line = _marker(layout, ROUTE, Marker.LINE_LIST, _GREY, Vector3(x=0.12 * layout.spacing))
    line.points = [point for first in pairs for point in points[first : first + 2]]
    size = 0.3 * layout.spacing
    places = _marker(layout, PLACES, Marker.SPHERE_LIST, _BLUE, Vector3(x=size, y=size, z=size))
    places.points = [points[place] for place in np.flatnonzero(known).tolist()]
    for marker in (line, places):
        if not marker.points:
            # RViz reports a list without points as an error, and may still show the old one.
            marker.action = Marker.DELETE
    return MarkerArray(markers=[line, places])


def match_markers(layout: Layout, place: int | None) -> MarkerArray:
    """Return markers of the matched place, or their removal if it is unknown or has no pose."""
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
    label.text = layout.name_of(place)
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
