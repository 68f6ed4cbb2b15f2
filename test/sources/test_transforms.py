"""Transforms from the bytes of messages, as rosbags reads them too."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import steady
from support.transforms import TF, transform

from vprtempo_ros.errors import ImageError
from vprtempo_ros.sources.cdr import read_message, typestore, write_message
from vprtempo_ros.sources.transforms import Link, read_transforms

names = st.text(st.characters(min_codepoint=48, max_codepoint=122), max_size=9)
numbers = st.floats(allow_nan=False)
stamps = st.integers(0, 2**31 * 1_000_000_000 - 1)


@steady
@given(
    st.lists(st.tuples(stamps, names, names, st.lists(numbers, min_size=7, max_size=7)), max_size=4)
)
def test_as_rosbags_reads_them(rows: list[tuple[int, str, str, list[float]]]) -> None:
    """Names of any length move the fields behind them."""
    data = write_message(typestore().types[TF]([transform(*row) for row in rows]), TF)
    expected = [
        (
            Link(each.header.frame_id, each.child_frame_id),
            each.header.stamp.sec * 1_000_000_000 + each.header.stamp.nanosec,
            (move.x, move.y, move.z, turn.x, turn.y, turn.z, turn.w),
        )
        for each in read_message(data, TF).transforms
        for move, turn in [(each.transform.translation, each.transform.rotation)]
    ]
    assert [tuple(each) for each in read_transforms(data)] == expected


@steady
@given(st.binary(max_size=200), st.integers(0, 120))
def test_other_bytes(data: bytes, cut: int) -> None:
    """Bytes that are no transforms, or not all of them, are one line."""
    whole = write_message(typestore().types[TF]([transform(1, '/map', 'odom', (1, 2, 3))]), TF)
    assert next(read_transforms(whole)).link == Link('map', 'odom')
    if cut < len(whole):
        with pytest.raises(ImageError, match='bytes do not hold a tf2_msgs'):
            list(read_transforms(whole[:cut]))
    try:
        list(read_transforms(data))
    except ImageError as error:
        assert '\n' not in str(error)
