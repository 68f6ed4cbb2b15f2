"""Video in recordings: packets of real encoders, in each type of message."""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from support.helpers import SECOND, START, Record, images, odometry, tiny_config, write_bag
from support.scheduling import own_scheduling

from vprtempo_ros.config import BagInputConfig, PosesConfig
from vprtempo_ros.maps.building import build_map
from vprtempo_ros.sources.cdr import COMPRESSED, COMPRESSED_VIDEO, FFMPEG_PACKET, typestore
from vprtempo_ros.sources.h264 import PictureNumbers
from vprtempo_ros.sources.traverse import open_traverse
from vprtempo_ros.tools.bag_info import describe

av = pytest.importorskip('av')
from av.codec import CodecContext  # noqa: E402

COUNT = 12
TOPIC = '/camera/video'


def pictures(count: int = COUNT) -> list[NDArray[np.uint8]]:
    """Return smooth colour pictures that differ in brightness from one to the next."""
    rows, columns = np.mgrid[:48, :64]
    return [
        np.stack([rows + 10 * n, columns + 10 * n, (rows + columns) // 2 + 10 * n], 2).astype(
            np.uint8
        )
        for n in range(count)
    ]


def packets(
    encoder: str = 'libx264', between: int = 0, options: str = ''
) -> list[tuple[int, bytes]]:
    """Encode the pictures with a key frame every 5; `between`: B-frames; `options`: of x264."""
    context = CodecContext.create(encoder, 'w')
    context.width, context.height = 64, 48
    context.pix_fmt = 'yuv420p'
    context.time_base = Fraction(1, 10)
    context.gop_size = 5
    common = f'repeat-headers=1:bframes={between}:b-adapt=0:scenecut=0:crf=12'
    context.options = {
        'x264-params': f'{common}{options}',
        'x265-params': f'{common}:log-level=none',
    }
    found = []
    with own_scheduling():
        for number, pixels in enumerate(pictures()):
            frame = av.VideoFrame.from_ndarray(pixels, format='bgr24')
            frame.pts = number
            found += context.encode(frame)
        found += context.encode(None)
    return [(int(packet.pts), bytes(packet)) for packet in found]


def message(kind: str, name: str, stamp: int, data: bytes) -> Any:
    """Return a message of a type with a packet."""
    types = typestore().types
    time = types['builtin_interfaces/msg/Time'](*divmod(stamp, SECOND))
    header = types['std_msgs/msg/Header'](time, 'camera')
    content = np.frombuffer(data, np.uint8)
    if kind == FFMPEG_PACKET:
        return types[kind](header, 64, 48, name, 0, 0, False, content)
    if kind == COMPRESSED_VIDEO:
        return types[kind](time, 'camera', content, name)
    return types[kind](header, name, content)


def record(
    path: Path, sent: list[tuple[int, bytes]], kind: str = FFMPEG_PACKET, name: str = 'h264'
) -> Path:
    """Write a bag; each packet has the stamp of its image."""
    rows = [
        Record(
            TOPIC, kind, START + number * SECOND, message(kind, name, START + pts * SECOND, data)
        )
        for number, (pts, data) in enumerate(sent)
    ]
    return write_bag(path, [*rows, *odometry([(n, 0, 0) for n in range(COUNT)])])


def check(path: Path, numbers: list[int]) -> str:
    """Compare the frames with the pictures of these numbers; return what was left out."""
    traverse, _ = open_traverse(str(path), BagInputConfig(topic=TOPIC), PosesConfig())
    known = pictures()
    for _ in range(2):
        found = list(traverse)
        assert [frame.stamp_ns for frame in found] == [START + n * SECOND for n in numbers]
        for frame, number in zip(found, numbers):
            assert frame.pose is not None
            assert frame.pose.position[0] == number
            pixels = frame.image.pixels.astype(int)
            # Chroma has half of the resolution, and compression loses some more.
            assert np.abs(pixels - known[number]).mean() < 4
    return '; '.join(traverse.completeness.lines())


@pytest.mark.parametrize(
    ('kind', 'name'),
    [
        (FFMPEG_PACKET, 'h264;yuv420p;bgr8;bgr8'),
        (FFMPEG_PACKET, 'libx264'),
        (COMPRESSED_VIDEO, 'h264'),
        (COMPRESSED, 'h264'),
    ],
)
def test_each_type_of_message(tmp_path: Path, kind: str, name: str) -> None:
    """All images are those that were encoded, with their stamps and poses."""
    path = record(tmp_path / 'bag', packets(), kind, name)
    assert check(path, list(range(COUNT))) == ''
    said = [text for _, text in describe(path)]
    assert f'{TOPIC}  {kind}  {COUNT}' in said


@pytest.mark.parametrize(
    ('encoder', 'name'),
    [('libx265', 'hevc_nvenc'), ('libvpx-vp9', 'vp9'), ('libsvtav1', 'av1'), ('libx264', 'h264')],
)
def test_codecs(tmp_path: Path, encoder: str, name: str) -> None:
    """Those that recorders use."""
    try:
        CodecContext.create(encoder, 'w')
    except Exception:
        pytest.skip(f'PyAV without {encoder}')
    assert check(record(tmp_path / 'bag', packets(encoder), name=name), list(range(COUNT))) == ''


def test_images_out_of_the_order_of_packets(tmp_path: Path) -> None:
    """B-frames are sent after what they depend on; images come in their own order."""
    sent = packets(between=2)
    assert [pts for pts, _ in sent] != list(range(COUNT))
    path = record(tmp_path / 'bag', sent)
    assert check(path, list(range(COUNT))) == ''
    assert 'out of order' not in ' '.join(text for _, text in describe(path))


def test_what_is_missing(tmp_path: Path) -> None:
    """Before the first key frame there are no images; damage ends with the next key frame."""
    sent = packets()
    said = check(record(tmp_path / 'begin', sent[2:]), list(range(5, COUNT)))
    assert said.startswith('3 of 10 messages left out: a packet of h264 does not decode (Invalid')
    broken = [*sent[:6], (6, b''), (7, bytes(200)), *sent[8:]]
    traverse, _ = open_traverse(
        str(record(tmp_path / 'damage', broken)), BagInputConfig(), PosesConfig()
    )
    stamps = [(frame.stamp_ns - START) // SECOND for frame in traverse]
    assert stamps[:6] == list(range(6))
    assert stamps[-2:] == [10, 11]
    said = '; '.join(traverse.completeness.lines())
    assert 'expected a packet of video, found 0 bytes' in said
    assert len(stamps) + sum(traverse.completeness.skipped.values()) == COUNT
    path = record(tmp_path / 'odd', [*sent[:5], *[(n, b'\0\0\1\x09\x10') for n in range(5, 60)]])
    traverse, _ = open_traverse(str(path), BagInputConfig(), PosesConfig())
    assert len(list(traverse)) == 5
    assert sum(traverse.completeness.skipped.values()) == 55
    path = record(tmp_path / 'name', sent, name='theora')
    traverse, _ = open_traverse(str(path), BagInputConfig(), PosesConfig())
    assert not list(traverse)
    assert "hevc, mjpeg, vp8, vp9, found 'theora'" in '; '.join(traverse.completeness.lines())


@pytest.mark.parametrize('encoder', ['libx264', 'libx265'])
@pytest.mark.parametrize(
    ('lost', 'left'),
    [([6], [*range(6), 10, 11]), ([2, 3], [0, 1, *range(5, 12)]), ([5], [*range(5), 10, 11])],
)
def test_lost_packets(tmp_path: Path, encoder: str, lost: list[int], left: list[int]) -> None:
    """What depends on one that is missing is no image: decoders go on with what they have."""
    sent = [each for each in packets(encoder) if each[0] not in lost]
    said = check(record(tmp_path / 'bag', sent, name=encoder), left)
    # Packets behind two lost ones arrive earlier than their stamps here, which is said too.
    assert said.partition('; ')[0] == (
        f'{len(sent) - len(left)} of {len(sent)} messages left out: no image came of a packet of '
        'video: those that it depends on are missing'
    )


@pytest.mark.parametrize(('encoder', 'name'), [('libvpx', 'vp8'), ('libvpx-vp9', 'vp9')])
def test_gaps_of_codecs_without_numbers(tmp_path: Path, encoder: str, name: str) -> None:
    """Whether images behind them are right cannot be known, which is said; none without a gap."""
    sent = packets(encoder)
    assert check(record(tmp_path / 'whole', sent, name=name), list(range(COUNT))) == ''
    path = record(tmp_path / 'lost', [each for each in sent if each[0] != 6], name=name)
    traverse, _ = open_traverse(str(path), BagInputConfig(), PosesConfig())
    assert len(list(traverse)) == COUNT - 1
    (said,) = traverse.completeness.notes
    assert said.startswith(f'1 gap between packets of {name}, ')
    assert 'images are wrong until the next key frame' in said


def test_a_packet_that_is_damaged_and_one_on_which_none_depends(tmp_path: Path) -> None:
    """After the first there are no images until the next key frame, after the second there are."""
    sent = packets()
    settings, body = sent[6][1][:6], len(sent[6][1])
    assert settings[4] & 31 == 1, 'expected a slice'
    damaged = [*sent[:6], (6, settings + bytes(body)), *sent[7:]]
    traverse, _ = open_traverse(
        str(record(tmp_path / 'damaged', damaged)), BagInputConfig(), PosesConfig()
    )
    found = [(frame.stamp_ns - START) // SECOND for frame in traverse]
    assert [each for each in found if each != 6] == [*range(6), 10, 11]
    between = packets(between=1)
    lost = next(pts for pts, data in between if not data[4] >> 5 & 3)
    left = [number for number in range(COUNT) if number != lost]
    path = record(tmp_path / 'between', [each for each in between if each[0] != lost])
    assert check(path, left) == ''


def test_no_picture_seems_to_be_missing() -> None:
    """Of streams with each of what moves numbers or comes before them."""
    for options in (
        ':slices=3',
        ':intra-refresh=1',
        ':tff=1',
        ':cqm=jvt',
        ':bframes=3:b-pyramid=normal:open-gop=1',
        ':keyint=infinite:ref=4',
    ):
        numbers = PictureNumbers()
        assert not any(numbers.missing(data) for _, data in packets(options=options)), options
        numbers = PictureNumbers()
        sent = packets(options=options)
        assert any(numbers.missing(data) for _, data in [*sent[:1], *sent[4:]]), options


def test_bytes_without_numbers() -> None:
    """Anything is taken; without settings of a sequence nothing is said of it."""
    numbers = PictureNumbers()
    rng = np.random.default_rng(0)
    start = bytes((0, 0, 1))
    for kind in (0x65, 0x41) * 20:
        assert not numbers.missing(start + bytes((kind,)) + rng.bytes(int(rng.integers(9))))
    for kind in (0x67, 0x65, 0x41) * 40:
        numbers.missing(start + bytes((kind,)) + rng.bytes(int(rng.integers(9))))
    assert not PictureNumbers().missing(b'')
    assert not PictureNumbers().missing(start)


def test_frames_of_any_size_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is not allocated for what a packet claims."""
    from vprtempo_ros.sources import video

    monkeypatch.setattr(video, '_MAX_PIXELS', 1000)
    path = record(tmp_path / 'bag', packets())
    traverse, _ = open_traverse(str(path), BagInputConfig(), PosesConfig())
    assert not list(traverse)
    assert sum(traverse.completeness.skipped.values()) == COUNT


@pytest.mark.long
def test_random_packets(tmp_path: Path) -> None:
    """Flipped bits give images or are counted."""
    rng = np.random.default_rng(0)
    for number in range(30):
        sent = [(pts, bytearray(data)) for pts, data in packets()]
        for _ in range(5):
            data = sent[int(rng.integers(COUNT))][1]
            data[int(rng.integers(len(data)))] ^= 1 << int(rng.integers(8))
        path = record(tmp_path / str(number), [(n, bytes(d)) for n, d in sent])
        traverse, _ = open_traverse(str(path), BagInputConfig(), PosesConfig())
        count = len(list(traverse))
        assert count + sum(traverse.completeness.skipped.values()) == COUNT


def test_a_map_of_a_video(tmp_path: Path) -> None:
    """A topic of images is read first; a named one is the video."""
    path = record(tmp_path / 'bag', packets())
    built = build_map(tiny_config(path, places__spacing=2.0))
    assert len(built.places) == COUNT // 2
    with_images = write_bag(
        tmp_path / 'both',
        [
            *images([each[..., 0] for each in pictures(3)]),
            Record(TOPIC, COMPRESSED_VIDEO, START, message(COMPRESSED_VIDEO, 'h264', START, b'')),
        ],
    )
    traverse, _ = open_traverse(str(with_images), BagInputConfig(), PosesConfig())
    assert len(list(traverse)) == 3


def test_without_its_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A CompressedImage of video is known by its format."""
    from vprtempo_ros.errors import SourceError

    path = record(tmp_path / 'bag', packets(), COMPRESSED, 'h264')
    monkeypatch.setitem(sys.modules, 'av', None)
    with pytest.raises(SourceError, match='holds video, which needs PyAV: pip install av'):
        open_traverse(str(path), BagInputConfig(), PosesConfig())


def test_a_library_without_a_decoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Packets are counted."""
    from vprtempo_ros.sources import video

    monkeypatch.setattr(video, '_DECODERS', {'h264': 'no such decoder'})
    path = record(tmp_path / 'bag', packets())
    traverse, _ = open_traverse(str(path), BagInputConfig(), PosesConfig())
    assert not list(traverse)
    assert '12 of 12 messages left out: this PyAV has no decoder of h264' in list(
        traverse.completeness.lines()
    )
