"""view: a running vpr_node, live in a browser, http://127.0.0.1:8765; with --map, a map."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Sequence

import cv2
import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import PoseWithCovarianceStamped
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.subscription import Subscription
from sensor_msgs.msg import Image, PointCloud2
from vision_msgs.msg import Classification, VisionInfo
from visualization_msgs.msg import MarkerArray

from ... import interface
from ...arrays import bytes_of
from ...errors import VprError
from ...frames import Pose
from ...sources.cdr import stamp_ns
from ...tools.command import check_range
from ...view.picture import check_picture, draw_picture, write_picture
from ...view.server import ViewServer
from ...view.state import LiveState
from ..common.arguments import own_arguments
from ..common.names import full_name
from ..common.qos import LATCHED
from ..common.running import run
from ..vpr.outputs.belief import read_belief
from ..vpr.outputs.markers import PLACES

# Only the newest message is shown.
_NEWEST = QoSProfile(depth=1)
# Maximum width and height of an image, in pixels; those of vpr_node are 644 wide.
_LARGEST = 4096
# Period of checking for the node and for viewers, in seconds.
_PERIOD = 0.5


class View(Node):
    """Subscribes to a vpr_node; to belief and match image, which cost it time, only for viewers."""

    def __init__(self, target: str, host: str, port: int, picture: Path | None) -> None:
        """Serve the results of the node `target`; picture: file to write at the end, or None."""
        super().__init__('view')
        self._subscriptions_on_demand: list[Subscription] = []
        self._picture = picture
        self._topic = full_name(self, '--node', target)
        self._live = LiveState(self._topic)
        self._server = ViewServer(self._live, host, port)
        subscribe = self.create_subscription
        subscribe(VisionInfo, self._name(interface.INFO), self._on_info, LATCHED)
        subscribe(
            MarkerArray,
            self._name(interface.MARKERS),
            self._on_markers,
            QoSProfile(depth=10, durability=DurabilityPolicy.TRANSIENT_LOCAL),
        )
        subscribe(Classification, self._name(interface.MATCH), self._on_match, 10)
        subscribe(PoseWithCovarianceStamped, self._name(interface.POSE), self._on_pose, 10)
        subscribe(DiagnosticArray, interface.DIAGNOSTICS.name, self._on_diagnostics, 20)
        # Steady: simulated time may not advance.
        self.create_timer(_PERIOD, self._check, clock=Clock(clock_type=ClockType.STEADY_TIME))
        self._check()
        print(f'{self._topic}: {self._server.url}', flush=True)

    def end(self) -> int:
        """Stop the server, and write the picture if there is to be one."""
        self._server.close()
        try:
            if self._picture is not None:
                write_picture(draw_picture(self._live.state), self._picture)
        except VprError as error:
            print(f'error: {error}', file=sys.stderr)
            return 1
        return 0

    def _name(self, entry: interface.Entry) -> str:
        return f'{self._topic}/{entry.name.removeprefix("~/")}'

    def _check(self) -> None:
        """Check for the node, and subscribe to what is needed for viewers or the picture."""
        self._live.set_present(self.count_publishers(self._name(interface.MATCH)) > 0)
        wanted = self._server.watched or self._picture is not None
        if wanted and not self._subscriptions_on_demand:
            self._subscriptions_on_demand = [
                self.create_subscription(
                    PointCloud2, self._name(interface.BELIEF), self._on_belief, _NEWEST
                ),
                self.create_subscription(
                    Image, self._name(interface.MATCH_IMAGE), self._on_image, _NEWEST
                ),
            ]
        elif not wanted and self._subscriptions_on_demand:
            for subscription in self._subscriptions_on_demand:
                self.destroy_subscription(subscription)
            self._subscriptions_on_demand = []

    def _on_info(self, info: VisionInfo) -> None:
        self._live.set_info(info.method, info.database_location)

    def _on_markers(self, array: MarkerArray) -> None:
        """Read the route, which is published before the first frame."""
        for marker in array.markers:
            if marker.ns == PLACES:
                points = [(point.x, point.y, point.z) for point in marker.points]
                self._live.set_places(marker.header.frame_id, np.array(points).reshape(-1, 3))

    def _on_belief(self, cloud: PointCloud2) -> None:
        belief = read_belief(cloud)
        if belief is not None:
            self._live.set_belief(cloud.header.frame_id, *belief)

    def _on_match(self, match: Classification) -> None:
        self._live.set_match(
            stamp_ns(match.header),
            tuple(_number(result.class_id) for result in match.results),
            tuple(float(result.score) for result in match.results),
        )

    def _on_pose(self, message: PoseWithCovarianceStamped) -> None:
        pose, covariance = message.pose.pose, message.pose.covariance
        q = pose.orientation
        yaw = Pose((0.0, 0.0, 0.0), (q.x, q.y, q.z, q.w)).yaw
        # Rows and columns x, y of the 6 x 6 matrix.
        plane = np.array([[covariance[0], covariance[1]], [covariance[6], covariance[7]]])
        self._live.set_pose(message.header.frame_id, pose.position.x, pose.position.y, yaw, plane)

    def _on_diagnostics(self, array: DiagnosticArray) -> None:
        for status in array.status:
            if status.name.startswith(f'{self._topic}:'):
                self._live.set_status(
                    status.name.removeprefix(f'{self._topic}:').strip(),
                    int.from_bytes(status.level, 'big')
                    if isinstance(status.level, bytes)
                    else int(status.level),
                    status.message,
                    [(entry.key, entry.value) for entry in status.values],
                )

    def _on_image(self, image: Image) -> None:
        if (
            image.encoding == 'rgb8'
            and image.step == 3 * image.width
            and max(image.width, image.height) <= _LARGEST
        ):
            pixels = bytes_of(image.data)
            if pixels.size == image.height * image.step > 0:
                done, data = cv2.imencode(
                    '.jpg',
                    cv2.cvtColor(pixels.reshape(image.height, image.width, 3), cv2.COLOR_RGB2BGR),
                )
                if done:
                    self._live.set_picture(data.tobytes(), image.width, image.height)


def _number(name: str) -> int:
    """Return the number of a place; -1 if it is none."""
    return int(name) if name.isascii() and name.isdigit() and len(name) < 10 else -1


def main(args: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog='view', description=__doc__)
    parser.add_argument(
        '--map', metavar='FOLDER', help='show a map instead, without ROS; see view --map . --help'
    )
    parser.add_argument(
        '--node', default='vpr_node', help='its name, as /front/vpr_node (default: %(default)s)'
    )
    parser.add_argument(
        '--host',
        default='127.0.0.1',
        help='address to serve on; 0.0.0.0 is the whole network (default: %(default)s)',
    )
    parser.add_argument(
        '--port', type=int, default=8765, help='0: any free one (default: %(default)s)'
    )
    parser.add_argument(
        '--picture',
        type=Path,
        metavar='FILE',
        help='at the end, write the page as a picture, .svg or .png',
    )
    given = parser.parse_args(own_arguments(args))

    def make() -> View:
        check_range('--port', given.port, 0, 65535)
        if given.picture is not None:
            check_picture(given.picture)
        return View(given.node, given.host, given.port, given.picture)

    return run('view', make, args)


if __name__ == '__main__':
    sys.exit(main())
