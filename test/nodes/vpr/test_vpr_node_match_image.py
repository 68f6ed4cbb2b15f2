"""vpr_node's picture of query and match, and how it is composed."""

from __future__ import annotations

import time
from itertools import count
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from builtin_interfaces.msg import Time
from rclpy.lifecycle import LifecycleNode
from sensor_msgs.msg import Image
from support import ros
from support.helpers import match_of, picture
from support.ros import SINGLE, Client, frame_message, rclpy, until
from visualization_msgs.msg import MarkerArray

from vprtempo_ros.config import BackendConfig, MatchConfig, PoseConfig
from vprtempo_ros.frames import BGR, GREY, RGB, Frame, grey_image
from vprtempo_ros.frames import Image as PixelImage
from vprtempo_ros.maps.store import load
from vprtempo_ros.matching.stages import FrameTiming
from vprtempo_ros.nodes.vpr.outputs.outputs import Outputs
from vprtempo_ros.recogniser import Recogniser
from vprtempo_ros.sources.image_msg import decode_file
from vprtempo_ros.view.side_by_side import SideBySide

WIDTH, GAP = 320, 4


def pixels_of(message: Image) -> np.ndarray:
    assert message.encoding == 'rgb8'
    assert len(message.data) == message.step * message.height
    return (
        np.frombuffer(bytes(message.data), np.uint8)
        .reshape(message.height, message.step)[:, : 3 * message.width]
        .reshape(message.height, -1, 3)
    )


def alike(one: np.ndarray, other: np.ndarray) -> float:
    """Return the correlation of two pictures in grey."""
    first, second = (
        cv2.resize(cv2.cvtColor(part, cv2.COLOR_RGB2GRAY), (40, 30)).ravel()
        for part in (one, other)
    )
    return float(np.corrcoef(first, second)[0, 1])


def test_query_and_thumbnail(street, tmp_path: Path) -> None:
    """Left the frame, right the thumbnail of the matched place, with the frame's header."""
    loaded, frame = load(street.map), street.places()[7]
    with (
        ros.node(tmp_path, 'vpr_node', parameters={'map': street.map, **SINGLE}),
        Client() as client,
    ):
        client.await_listener()
        heard = client.listen(Image, 'match_image').heard
        seconds = count(5)

        def picture_of(shown: Frame) -> Any:
            """Ask about a frame until there is a picture of it: not every one gets one."""
            stamps = []

            def found() -> list[Any]:
                return [each for each in heard if each.header.stamp in stamps]

            while not found():
                match = client.ask(frame_message(shown, next(seconds) * 10**9 + 7))
                stamps.append(match.header.stamp)
                client.spin_for(0.1)
            return found()[0]

        message = picture_of(frame)
        assert message.header.stamp.sec >= 5
        assert message.header.stamp.nanosec == 7
        assert message.header.frame_id == 'camera'
        found = pixels_of(message)
        height = WIDTH * frame.image.height // frame.image.width
        query, match = found[:height, :WIDTH], found[:height, WIDTH + GAP :]
        assert alike(query, np.ascontiguousarray(frame.image.pixels)) > 0.99
        # In the colours of the camera, while thumbnails are grey.
        assert np.ptp(query.astype(int), axis=2).max() > 20
        thumbnails = [
            cv2.cvtColor(
                cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB
            )
            for data in loaded.thumbnails
        ]
        assert int(np.argmax([alike(match, other) for other in thumbnails])) == 7
        # Another place has other words below; no place, others again.
        other = picture_of(street.places()[2])
        assert client.set_parameter('match.min_confidence', 1.0).successful
        unknown = picture_of(street.places()[2])
        captions = [pixels_of(each)[height + 4 :] for each in (message, other, unknown)]
        assert not np.array_equal(captions[0], captions[1])
        assert not np.array_equal(captions[1], captions[2])
        assert len(np.unique(pixels_of(unknown)[:height, WIDTH + GAP :])) < 6


def test_not_too_often(street, tmp_path: Path) -> None:
    """At most ten images per second are sent, and none without subscribers."""
    frames = street.places()
    with (
        ros.node(tmp_path, 'vpr_node', parameters={'map': street.map, **SINGLE}),
        Client() as client,
    ):
        client.await_listener()
        listening = client.listen(Image, 'match_image')
        started = time.monotonic()
        for number in range(60):
            client.ask(frame_message(frames[number % len(frames)], number * 10**8))
        client.spin_for(0.5)
        elapsed = time.monotonic() - started
        assert 1 <= len(listening.heard) <= 10 * elapsed + 2
        assert len(listening.heard) < 60 or elapsed > 5


def test_nothing_is_kept_or_made_without_listeners(street) -> None:
    """An image is kept for the match image only for subscribers; so are markers made."""
    context = rclpy.Context()
    rclpy.init(context=context)
    node = LifecycleNode('vpr_node', context=context)
    recogniser = Recogniser(load(street.map), BackendConfig(), MatchConfig(), any_size=True)
    outputs = Outputs(node, recogniser, str(street.map), PoseConfig())
    markers = outputs._markers
    image = street.places()[0].image
    answer = recogniser.recognise(image, FrameTiming(1))
    try:
        for publisher in (outputs._matches, markers._route, markers._match):
            publisher.on_activate(None)
        assert outputs.image_to_show(image) is None
        outputs.publish_views(Time(), '', answer, None, recogniser.map)
        markers._serve_new()
        assert markers._sent is None
        assert not markers._route_kept
        for kind, name in ((Image, 'match_image'), (MarkerArray, 'markers')):
            node.create_subscription(kind, f'~/{name}', lambda _: None, 1)
        until(lambda: outputs.image_to_show(image) is image, 'a listener')
        until(lambda: markers._route.get_subscription_count() > 0, 'a listener')
        outputs.publish_views(Time(), '', answer, None, recogniser.map)
        assert markers._sent is not None
    finally:
        outputs.destroy()
        node.destroy_node()
        context.try_shutdown()


def thumbnail() -> bytes:
    return cv2.imencode('.jpg', picture(1, 120, 160))[1].tobytes()


@pytest.mark.parametrize(
    ('channels', 'weights', 'dtype'),
    [
        (3, RGB, np.uint8),
        (3, BGR, np.uint8),
        (4, (*RGB, 0.0), np.uint16),
        (4, (*BGR, 0.0), np.uint8),
    ],
)
def test_colours_of_every_layout(channels: int, weights: tuple[float, ...], dtype: type) -> None:
    """Red is red, for every order and depth of the channels."""
    pixels = np.zeros((48, 64, channels), dtype)
    pixels[:, :, 0 if weights[0] == RGB[0] else 2] = np.iinfo(dtype).max
    found = SideBySide([thumbnail()]).compose(PixelImage(pixels, weights), match_of([], []))
    assert found[100, 100].tolist() == [255, 0, 0]


def test_a_jpeg_is_shown_in_colour() -> None:
    """Only its grey was decoded for the match."""
    pixels = np.zeros((48, 64, 3), np.uint8)
    pixels[..., 2] = 255
    image = decode_file(cv2.imencode('.jpg', pixels)[1])
    found = SideBySide([thumbnail()]).compose(image, match_of([], []))
    assert np.abs(found[100, 100].astype(int) - [255, 0, 0]).max() <= 3


@pytest.mark.parametrize(
    'image',
    [
        grey_image(picture(2, 60, 80)),
        grey_image(picture(2, 60, 80).astype(np.uint16) * 257),
        PixelImage(picture(2, 60, 80).astype(np.float32)[..., None] - 100, GREY),
        PixelImage(np.repeat(picture(2, 60, 80)[..., None], 2, axis=2), (1.0, 0.0)),
    ],
    ids=['grey', 'grey of 16 bits', 'counts of events', 'yuyv'],
)
def test_grey_of_every_kind(image: PixelImage) -> None:
    """What has no colours is shown in grey, stretched to the width."""
    found = SideBySide([thumbnail()]).compose(image, match_of([0], [0.7]))
    assert found.shape == (240 + 34, 2 * WIDTH + GAP, 3)
    assert alike(found[:240, :WIDTH], cv2.cvtColor(picture(2, 60, 80), cv2.COLOR_GRAY2RGB)) > 0.9
    assert (
        alike(found[:238, WIDTH + GAP :], cv2.cvtColor(picture(1, 118, 160), cv2.COLOR_GRAY2RGB))
        > 0.9
    )


@pytest.mark.parametrize('shape', [(4, 4000), (4000, 4), (1, 1)])
def test_odd_shapes(shape: tuple[int, int]) -> None:
    """The picture stays of a size that fits a screen."""
    image = grey_image(np.full(shape, 7, np.uint8))
    found = SideBySide([b'']).compose(image, match_of([0], [1.0]))
    assert 80 <= found.shape[0] <= 520


def test_labels() -> None:
    """A label is next to the number of its place, where it fits and the font has its letters."""
    image, match = grey_image(picture(2, 60, 80)), match_of([0], [0.7])
    captions = [
        SideBySide([thumbnail()], labels).compose(image, match)[244:, WIDTH + GAP :]
        for labels in ({}, {0: 'dock'}, {0: 'd' * 80}, {0: 'Tür'}, {1: 'dock'})
    ]
    plain, named, long, foreign, other = captions
    assert (named != plain).any()
    # The confidence at the right is not written over.
    for each in (named, long):
        np.testing.assert_array_equal(each[:, -56:], plain[:, -56:])
    assert (long[:, -80:-60] != plain[:, -80:-60]).any()
    np.testing.assert_array_equal(foreign, plain)
    np.testing.assert_array_equal(other, plain)
