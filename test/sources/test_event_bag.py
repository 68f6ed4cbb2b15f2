"""Recorded events as frames, and maps made from them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from support.events import (
    HEIGHT,
    TOPIC,
    WIDTH,
    columns,
    event_drive,
    packet,
    packets,
    random_events,
    records,
    scene,
)
from support.helpers import SECOND, START, Record, drive, images, picture, tiny_config, write_bag

from vprtempo_ros.config import (
    BackendConfig,
    BagInputConfig,
    EventsConfig,
    MatchConfig,
    PosesConfig,
    SequenceConfig,
    TrainerConfig,
)
from vprtempo_ros.errors import MapError, SourceError
from vprtempo_ros.events.decoding import new_decoder
from vprtempo_ros.events.packet import EVENT_ARRAY, EventBuffer, Packet
from vprtempo_ros.events.stream import EventStream
from vprtempo_ros.frames import Frame
from vprtempo_ros.maps.building import build_map
from vprtempo_ros.maps.store import load, save
from vprtempo_ros.matching.stages import FrameTiming
from vprtempo_ros.options import from_flat
from vprtempo_ros.recogniser import Recogniser
from vprtempo_ros.sources.bag_writer import header
from vprtempo_ros.sources.cdr import ARRAY, typestore
from vprtempo_ros.sources.completeness import completeness_from, completeness_tree
from vprtempo_ros.sources.event_bag import EventFrames
from vprtempo_ros.sources.image_frames import LATE
from vprtempo_ros.sources.traverse import open_traverse
from vprtempo_ros.tools.bag_info import describe

# Single frames, with a match for each.
ALONE = MatchConfig(min_confidence=0.0, sequence=SequenceConfig(filter='none'))


def frames(bag: Path, **settings: Any) -> list[Frame]:
    """Return the frames of a bag of events."""
    config = BagInputConfig(type='events', events=EventsConfig(hot_pixels=0.0), **settings)
    return list(open_traverse(str(bag), config, PosesConfig())[0])


def trained(*bags: Path, **settings: Any) -> Any:
    """Return a map of events."""
    return build_map(
        tiny_config(
            *bags,
            **{
                'input__type': 'events',
                'places__by': 'frames',
                'encoding__encoder': 'pixels',
                'encoding__width': 16,
                'encoding__height': 16,
                'training__epochs': 0,
                'training__feature_multiplier': 4.0,
                **settings,
            },
        )
    )


@pytest.mark.parametrize('encoding', ['evt3', 'libcaer', 'mono', 'libcaer_cmp'])
def test_frames_of_a_recording(tmp_path: Path, encoding: str) -> None:
    """Each whole window is a frame: stamp of its end, its own pixels, pose at that time."""
    found = frames(event_drive(tmp_path / 'bag', range(5), encoding=encoding))
    assert [frame.stamp_ns for frame in found] == [START + 100_000_000 * (n + 1) for n in range(5)]
    for number, frame in enumerate(found):
        events = scene(number, number * 100_000)
        expected = np.zeros((HEIGHT, WIDTH), np.float32)
        np.add.at(expected, (events.y, events.x), 1)
        assert np.array_equal(frame.image.pixels[..., 0], expected)
        assert frame.pose
        assert frame.pose.position[0] == pytest.approx(number + 1)
        assert frame.name == f'{TOPIC}[{number}]'


def test_reading_twice_is_the_same(tmp_path: Path) -> None:
    """A traverse can be read again, and then has the number of its frames."""
    event_drive(tmp_path / 'bag', range(5))
    config = BagInputConfig(type='events')
    traverse, _ = open_traverse(str(tmp_path / 'bag'), config, PosesConfig())
    assert len(traverse) == 0
    first = list(traverse)
    assert len(traverse) == 5
    second = list(traverse)
    assert len(traverse) == 5
    assert all(np.array_equal(a.image.pixels, b.image.pixels) for a, b in zip(first, second))
    assert traverse.sensor == (WIDTH, HEIGHT)


def test_frames_can_be_left_out_at_the_beginning(tmp_path: Path) -> None:
    """input.start counts frames, not packets."""
    found = frames(event_drive(tmp_path / 'bag', range(5)), start=2)
    assert [frame.name for frame in found] == [f'{TOPIC}[{n}]' for n in (2, 3, 4)]


def test_packets_that_cannot_be_used_are_counted(tmp_path: Path) -> None:
    """Broken packets are left out and counted; missing ones are counted by sequence number."""
    every = packets(random_events(20_000, first_us=0), 200)
    every[10] = every[10]._replace(data=np.zeros(3, np.uint8))
    every[20] = every[20]._replace(encoding='trigger')
    every[30] = every[30]._replace(width=99)
    del every[40:43]
    reader = EventFrames(write_bag(tmp_path / 'bag', records(every)), BagInputConfig(type='events'))
    assert len(list(reader)) == 8
    assert sorted(reader.skipped.values()) == [1, 1, 1]
    assert any('found 99x48' in reason for reason in reader.skipped)
    assert reader.lost == 3
    assert reader.sensor == (WIDTH, HEIGHT)


def test_a_recording_that_goes_back_in_time(tmp_path: Path) -> None:
    """Two drives in one bag: the jump is said, and the second goes on after the first."""
    every = packets(random_events(5_000, span_us=500_000, first_us=0), 100)
    again = [one._replace(stamp_ns=one.stamp_ns - 20 * SECOND) for one in every]
    bag = [
        Record(one.topic, one.type, START + number, one.message)
        for number, one in enumerate(records([*every, *again]))
    ]
    reader = EventFrames(write_bag(tmp_path / 'bag', bag), BagInputConfig(type='events'))
    stamps = [frame.stamp_ns for frame in reader]
    assert len(stamps) == 7
    assert stamps == sorted(stamps)
    assert not reader.skipped
    assert 'stamps jump once, after message 50, back by 20.' in reader.completeness.notes[0]


def test_topics_are_chosen_by_type(tmp_path: Path) -> None:
    """Events are found among images and poses; an ambiguous choice lists the candidates."""
    both = [*records(packets(random_events(3000), 100)), *images(picture(n) for n in range(3))]
    bag = write_bag(tmp_path / 'both', both)
    assert len(frames(bag)) == 8
    assert len(list(open_traverse(str(bag), BagInputConfig(), PosesConfig())[0])) == 3
    with pytest.raises(SourceError, match='event topics in it: /event_camera/events'):
        frames(bag, topic='/camera/image_raw')
    only = drive(tmp_path / 'camera', range(3), range(3))
    with pytest.raises(SourceError, match='expected one event topic, found none'):
        frames(only)
    events = event_drive(tmp_path / 'events', range(3))
    with pytest.raises(SourceError, match='expected one image topic, found none'):
        open_traverse(str(events), BagInputConfig(), PosesConfig())


def test_a_map_of_events(tmp_path: Path) -> None:
    """It has its sensor, can be saved and loaded, and recognises its own places."""
    bag = event_drive(tmp_path / 'bag', range(8))
    loaded = load(save(trained(bag), tmp_path / 'map'))
    assert loaded.sensor == ('events', WIDTH, HEIGHT)
    assert loaded.config.input.type == 'events'
    assert len(loaded.places) == 8
    assert loaded.places[3].pose
    assert cv2.imdecode(np.frombuffer(loaded.thumbnails[0], np.uint8), 0).shape == (HEIGHT, WIDTH)
    recogniser = Recogniser(loaded, BackendConfig(), ALONE)
    for number, frame in enumerate(frames(bag)):
        result = recogniser.recognise(frame.image, FrameTiming(frame.stamp_ns))
        assert result.places[0] == number
    recogniser.close()


@pytest.mark.parametrize(
    'settings',
    [
        {'input__events__polarity': 'split'},
        {'input__events__polarity': 'signed'},
        {'input__events__window': 'leaky'},
        {'input__events__window': 'count', 'input__events__count': 2000},
        {'input__events__roi_x': 10, 'input__events__roi_height': 40},
        {'encoding__encoder': 'pixels', 'encoding__tone': 'root4'},
        {'encoding__adapt': False},
        {
            'encoding__encoder': 'pixels',
            'encoding__resize': 'nth',
            'encoding__contrast': 'none',
            'encoding__tone': 'linear',
        },
    ],
)
def test_maps_with_other_settings(tmp_path: Path, settings: dict[str, Any]) -> None:
    """The map has the settings of its images, so that the live input makes the same."""
    bag = event_drive(tmp_path / 'bag', range(8))
    built = trained(bag, **settings)
    recogniser = Recogniser(built, BackendConfig(), ALONE)
    stream = EventStream(built.config.input.events, (WIDTH, HEIGHT))
    events = [scene(number, number * 100_000) for number in range(8)]
    right = total = 0
    for number, part in enumerate([*events, scene(0, 800_000, count=1)]):
        for _, image in stream.feed(packet('evt3', part, number)):
            right += recogniser.recognise(image, FrameTiming(0)).places[0] == total
            total += 1
    assert total == len(built.places)
    assert right >= 0.8 * total
    recogniser.close()


def test_two_traverses_of_events(tmp_path: Path) -> None:
    """Additional traverses show the same places; one of another sensor is refused."""
    first, second = (event_drive(tmp_path / name, range(6)) for name in ('first', 'second'))
    assert len(trained(first, second).places) == 6
    other = event_drive(tmp_path / 'other', range(6), width=80, height=60)
    with pytest.raises(
        MapError, match='expected events of a sensor of 64x48 pixels as in .*first, found 80x60'
    ):
        trained(first, other)


def test_a_map_of_a_folder_of_event_images(tmp_path: Path) -> None:
    """Event-count images as LENS publishes them, or as events_to_frames writes them."""
    for place in range(6):
        events = scene(place, 0)
        counts = np.zeros((HEIGHT, WIDTH), np.uint8)
        np.add.at(counts, (events.y, events.x), 1)
        (tmp_path / 'images').mkdir(exist_ok=True)
        assert cv2.imwrite(str(tmp_path / 'images' / f'{place}.png'), counts)
    built = trained(tmp_path / 'images')
    assert built.sensor == ('events', WIDTH, HEIGHT)
    bag = event_drive(tmp_path / 'bag', range(6))
    recogniser = Recogniser(built, BackendConfig(), ALONE)
    for number, frame in enumerate(frames(bag)):
        result = recogniser.recognise(frame.image, FrameTiming(frame.stamp_ns))
        assert result.places[0] == number
    recogniser.close()


def test_recordings_without_a_frame(tmp_path: Path) -> None:
    """The error for a bag of broken packets names the reason."""
    every = [one._replace(encoding='evt2') for one in packets(random_events(1000), 100)]
    bag = write_bag(tmp_path / 'bag', records(every))
    with pytest.raises(SourceError, match="no usable frame in it .*unknown encoding 'evt2'"):
        trained(bag)


def test_settings_that_do_not_go_together(tmp_path: Path) -> None:
    """Settings for events are refused for cameras and the reverse."""
    bag = drive(tmp_path / 'bag', range(4), range(4))
    for name, value in {'tone': 'sqrt', 'contrast': 'none', 'resize': 'nth'}.items():
        with pytest.raises(Exception, match='events only'):
            build_map(tiny_config(bag, **{f'encoding__{name}': value}))
    with pytest.raises(Exception, match='area or nth for events'):
        trained(event_drive(tmp_path / 'events', range(4)), encoding__resize='bilinear')


def test_a_map_whose_region_does_not_fit(tmp_path: Path) -> None:
    """A region outside the sensor is refused when the sensor is known."""
    with pytest.raises(Exception, match='region within 64x48'):
        trained(event_drive(tmp_path / 'events', range(4)), input__events__roi_x=100)


def test_defaults_are_the_same_in_trainer_and_node() -> None:
    """Trainer and node have the same defaults for events."""
    config = from_flat(TrainerConfig, {'input.type': 'events', 'input.events.period': 0.2})
    assert config.input.events == EventsConfig(period=0.2)


def test_late_events_do_not_cost_their_packets(tmp_path: Path) -> None:
    """uzh-rpg/rpg_dvs_ros#57: one event of each message is 99 ms older; all others are used."""
    sent = []
    for number in range(30):
        events = random_events(300, number, 33_000, 5_000_000 + 33_000 * number)
        events.t_us[200] -= 99_000
        stamp = START + 33_000_000 * number
        sent.append(packet('libcaer', events, number, stamp))
    bag = write_bag(tmp_path / 'late', records(sent))
    config = BagInputConfig(type='events', events=EventsConfig(hot_pixels=0.0))
    source = EventFrames(bag, config)
    counted = [float(frame.image.counts().sum()) for frame in source]
    assert sum(counted) > 0.8 * 30 * 299
    assert source.completeness.late == 30
    assert not source.skipped
    said = list(source.completeness.lines())
    assert said == ['30 events left out: more than 50 ms before events ahead of them']
    assert dict(describe(bag))['missing'] == said[0]
    counted_again = [float(frame.image.counts().sum()) for frame in source]
    assert counted_again == counted
    assert source.completeness.late == 30


def exchange(sent: list[Any]) -> list[Any]:
    """Exchange each second item with the one before it."""
    return [sent[n ^ 1] if n ^ 1 < len(sent) else sent[n] for n in range(len(sent))]


@pytest.mark.parametrize('case', ['recorded', 'stamped', 'unnumbered'])
def test_packets_that_are_swapped(tmp_path: Path, case: str) -> None:
    """The images are those of packets in order; it is said once, with the largest step."""
    kind = EVENT_ARRAY if case == 'unnumbered' else 'evt3'
    sent = packets(random_events(12_000, 7, 600_000), 100, kind)
    in_order = list(records(sent)) if kind == 'evt3' else list(arrays(sent))
    stamps = [one.stamp_ns for one in in_order]
    changed = exchange(sent)
    if case == 'stamped':
        # As of a driver that hands packets to several threads.
        changed = [one._replace(stamp_ns=stamp) for one, stamp in zip(changed, stamps)]
    listed = list(records(changed)) if kind == 'evt3' else list(arrays(changed))
    listed = [one._replace(stamp_ns=stamp) for one, stamp in zip(listed, stamps)]
    config = BagInputConfig(type='events', events=EventsConfig(period=0.01, hot_pixels=0.0))
    expected = EventFrames(write_bag(tmp_path / 'order', in_order), config)
    found = EventFrames(write_bag(tmp_path / 'swapped', listed), config)
    pairs = list(zip(found, expected, strict=True))
    assert len(pairs) >= 55
    for ours, theirs in pairs:
        assert ours.stamp_ns == theirs.stamp_ns
        np.testing.assert_array_equal(ours.image.counts(), theirs.image.counts())
    assert list(expected.completeness.lines()) == []
    complete = found.completeness
    assert (complete.lost, complete.swapped, complete.skipped.total()) == (0, 0, 0)
    assert complete.out_of_order == 60
    assert complete.largest_step == pytest.approx(0.005, rel=0.3)
    said = list(complete.lines())
    assert said[0].startswith('60 messages out of order, by up to 0.00')
    assert len(said) == (2 if case == 'stamped' else 1)
    assert said[0] in [line for name, line in describe(tmp_path / 'swapped') if name == 'missing']
    again = completeness_from(completeness_tree(complete))
    assert (again.out_of_order, again.largest_step) == (
        60,
        pytest.approx(complete.largest_step, abs=1e-6),
    )


def arrays(sent: list[Packet]) -> Any:
    """Yield packets as recorded messages of dvs_msgs."""
    types = typestore().types
    for one in sent:
        x, y, p, t = columns(decoded(one))
        events = [
            types['dvs_msgs/msg/Event'](
                a, b, types['builtin_interfaces/msg/Time'](c // 1_000_000, c % 1_000_000 * 1000), d
            )
            for a, b, c, d in zip(x.tolist(), y.tolist(), t.tolist(), map(bool, p.tolist()))
        ]
        message = types[ARRAY](header(one.stamp_ns, 'dvs'), HEIGHT, WIDTH, events)
        yield Record(TOPIC, ARRAY, one.stamp_ns, message)


def decoded(one: Packet) -> EventBuffer:
    """Return the events of a packet."""
    buffer = EventBuffer()
    new_decoder(one.encoding, 'own').decode(one, buffer)
    return buffer


def test_packets_that_come_after_more_than_wait(tmp_path: Path) -> None:
    """They are left out, and counted once."""
    sent = packets(random_events(12_000, 8, 600_000), 100)
    times = [one.stamp_ns for one in sent]
    order = [*range(10), *range(11, 80), 10, *range(80, 120)]
    listed = [sent[n] for n in order]
    recorded = [one._replace(stamp_ns=at) for one, at in zip(records(listed), times)]
    source = EventFrames(write_bag(tmp_path / 'late', recorded), BagInputConfig(type='events'))
    assert len(list(source)) >= 4
    assert source.completeness.skipped == {LATE: 1}
    assert source.completeness.lost == 1
