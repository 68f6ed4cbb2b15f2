"""vpr_node and bad frames: each is counted, named and skipped, and the node lives on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from sensor_msgs.msg import Image
from support import ros
from support.ros import Client, image_message


def good(street) -> Any:
    """Return the first place's pixels."""
    return np.ascontiguousarray(street.places()[0].image.pixels)


def bad_messages(pixels: Any) -> dict[str, tuple[Any, str]]:
    """Return broken messages by what is wrong, with the words expected in the diagnostics."""

    def changed(**fields: Any) -> Image:
        message = image_message(pixels, 'rgb8', 1)
        for name, value in fields.items():
            setattr(message, name, value)
        return message

    small = np.ascontiguousarray(pixels[::2, ::2])
    return {
        'wrong size': (image_message(small, 'rgb8', 1), 'expected 640x480'),
        'zero size': (Image(encoding='rgb8'), '0x0'),
        # Reasons that differ only in their numbers are one.
        'zero height': (changed(height=0), '0x0'),
        'unknown encoding': (changed(encoding='klingon8'), "unknown encoding 'klingon8'"),
        'short data': (changed(data=pixels.tobytes()[:1000]), 'found 1000'),
        'short step': (changed(step=10), 'step of 10'),
        'huge claim': (changed(height=2**31, width=2**31, step=2**32 - 1), 'expected'),
        'all black': (image_message(np.zeros_like(pixels), 'rgb8', 1), 'without any contrast'),
        'all white': (image_message(np.full_like(pixels, 255), 'rgb8', 1), 'without any contrast'),
    }


def test_bad_frames_are_counted_named_and_skipped(street, tmp_path: Path) -> None:
    """After each kind of bad frame the next good one is answered."""
    pixels = good(street)
    with (
        ros.node(
            tmp_path,
            'vpr_node',
            parameters={
                'map': street.map,
                'input.reliability': 'reliable',
                'diagnostics.period': '0.1',
            },
        ) as process,
        Client() as client,
    ):
        client.await_listener()
        for number, (kind, (message, words)) in enumerate(bad_messages(pixels).items(), start=1):
            client.publisher.publish(message)
            values = client.status(
                lambda status, values, n=number: values.get('frames bad') == str(n), kind
            )
            named = [key for key in values if key.startswith('bad: ') and words in key]
            assert named, (kind, values)
            match = client.ask(image_message(pixels, 'rgb8', number * 10**9))
            assert match.results[0].class_id == '0'
        assert 'Traceback' not in process.output()


def test_any_size_is_accepted_when_asked(street, tmp_path: Path) -> None:
    """input.any_size lets a camera of another resolution in."""
    small = np.ascontiguousarray(good(street)[::2, ::2])
    with (
        ros.node(tmp_path, 'vpr_node', parameters={'map': street.map, 'input.any_size': 'true'}),
        Client() as client,
    ):
        client.await_listener()
        assert client.ask(image_message(small, 'rgb8', 1)).results[0].class_id == '0'


def test_overload_works_on_the_newest_and_counts_the_rest(slow_map: Path, tmp_path: Path) -> None:
    """Of a burst the last frame is answered, older ones are dropped, and every one is counted."""
    pixels = np.random.default_rng(1).integers(0, 255, (64, 64)).astype(np.uint8)
    count = 400
    with (
        ros.node(
            tmp_path,
            'vpr_node',
            parameters={
                'map': slow_map,
                'input.reliability': 'reliable',
                'input.depth': 1000,
                'diagnostics.period': '0.2',
                'match.min_confidence': '0.0',
            },
        ),
        Client() as client,
    ):
        client.await_listener()
        for stamp in range(1, count):
            client.publisher.publish(image_message(pixels, 'mono8', stamp))
        client.ask(image_message(pixels, 'mono8', count))
        values = client.status(
            lambda status, values: (
                values.get('frames received') == str(count)
                and int(values['frames matched']) + int(values['frames dropped']) == count
            ),
            'all frames accounted for',
        )
        assert int(values['frames dropped']) > 0
        stamps = [match.header.stamp.nanosec for match in client.matches]
        assert stamps == sorted(stamps)
        assert stamps[-1] == count
        assert len(stamps) == int(values['frames matched'])
