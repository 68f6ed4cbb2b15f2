"""Events to images: windows, polarities, regions, hot pixels; compared with plain counting."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from support.events import HEIGHT, WIDTH, Events, columns, packet, packets, random_events
from support.helpers import START

from vprtempo_ros.config import EventsConfig
from vprtempo_ros.errors import ConfigError
from vprtempo_ros.events.accumulator import Accumulator
from vprtempo_ros.events.binning import Binner
from vprtempo_ros.events.decoding import StreamDecoder
from vprtempo_ros.events.image_size import event_image_size
from vprtempo_ros.events.packet import EventBuffer, Packet
from vprtempo_ros.events.stream import EventStream

PERIOD_US = 100_000
Images = list[tuple[int, NDArray[np.float32]]]


def config(**settings: Any) -> EventsConfig:
    """Return settings, by default without a hot pixel mask."""
    return EventsConfig(**{'hot_pixels': 0.0, **settings})


def images(found: Iterable[Packet], settings: EventsConfig) -> Images:
    """Return stamps and pixels of all images, copied."""
    stream = EventStream(settings, decoder='own')
    return [
        (stamp, np.array(image.pixels[..., 0]))
        for one in found
        for stamp, image in stream.feed(one)
    ]


def counted(events: Events, height: int = HEIGHT, width: int = WIDTH) -> NDArray[np.float32]:
    """Count events with NumPy."""
    picture = np.zeros((height, width), np.float32)
    np.add.at(picture, (events.y, events.x), 1)
    return picture


def within(events: Events, begin_us: int) -> Events:
    """Return the events of a window of 0.1 s."""
    return events.part((events.t_us >= begin_us) & (events.t_us < begin_us + PERIOD_US))


@pytest.mark.parametrize('size', [1, 37, 500, 100_000])
def test_windows_of_time(size: int) -> None:
    """Images are the counts of whole windows, for any division into packets."""
    events = random_events(3000 if size == 1 else 20_000, first_us=5_030_000)
    found = images(packets(events, size, 'libcaer'), config())
    # The first window began before the first event, the last is incomplete.
    assert [stamp for stamp, _ in found] == [
        START + (5_200_000 + PERIOD_US * n) * 1000 for n in range(9)
    ]
    for stamp, pixels in found:
        begin = (stamp - START) // 1000 - PERIOD_US
        assert np.array_equal(pixels, counted(within(events, begin)))


def test_a_window_that_begins_with_the_first_event() -> None:
    """It is complete, so there is an image."""
    events = random_events(2000, first_us=5_000_000)
    events.t_us[0] = 5_000_000
    assert images(packets(events, 100), config())[0][0] == START + 5_100_000_000


def test_twice_the_same() -> None:
    """Replaying gives the same images, bit for bit; so does subscribing later."""
    every = packets(random_events(20_000), 100)
    for settings in (config(), config(polarity='signed'), EventsConfig(), config(window='count')):
        first, second = images(every, settings), images(every, settings)
        assert [stamp for stamp, _ in first] == [stamp for stamp, _ in second]
        assert all(np.array_equal(a, b) for (_, a), (_, b) in zip(first, second))
    whole = dict(images(every, config()))
    late = images(every[57:], config())
    assert len(late) >= 6
    for stamp, pixels in late:
        assert np.array_equal(pixels, whole[stamp])


def test_silence_makes_no_images() -> None:
    """After half an hour without events there is one image, not 18 thousand."""
    first = random_events(1000, span_us=PERIOD_US, first_us=5_000_000)
    second = random_events(10, span_us=PERIOD_US, first_us=1_805_000_000)
    first.t_us[0] = 5_000_000
    found = images([packet('libcaer', first), packet('libcaer', second)], config())
    assert [stamp for stamp, _ in found] == [START + 5_100_000_000]


def test_stamps_of_the_messages_are_what_windows_are_cut_by() -> None:
    """The sensor's clock has any origin; shifting the stamps shifts the images."""
    events = random_events(20_000)
    one = images(packets(events, 100), config())
    shift = 3_000_000_000
    moved = images(
        [each._replace(stamp_ns=each.stamp_ns + shift) for each in packets(events, 100)], config()
    )
    assert [stamp + shift for stamp, _ in one] == [stamp for stamp, _ in moved]
    assert all(np.array_equal(a, b) for (_, a), (_, b) in zip(one, moved))


def test_clocks_that_drift() -> None:
    """A sensor's clock that is off by 100 ppm is followed: after an hour that would be 0.36 s."""
    events = random_events(200_000, span_us=400_000_000, first_us=0)
    every = [
        one._replace(stamp_ns=START + round((one.stamp_ns - START) * 1.0001))
        for one in packets(events, 50, 'libcaer')
    ]
    decoder, buffer = StreamDecoder(prefer='own'), EventBuffer()
    for one in every:
        offset, jumped = decoder.decode(one, buffer)
        assert not jumped
        assert abs(offset + int(buffer.t[0]) - one.stamp_ns) < 5_000_000


def test_a_jump_of_the_clock_begins_jumped() -> None:
    """After a jump no image has events from before it."""
    events = random_events(10_000, first_us=5_000_000)
    every = packets(events, 100)
    moved = [
        one._replace(stamp_ns=one.stamp_ns + (60_000_000_000 if n >= 50 else 0))
        for n, one in enumerate(every)
    ]
    stamps = [stamp for stamp, _ in images(moved, config())]
    whole = dict(images(every, config()))
    for stamp, pixels in images(moved, config()):
        back = stamp if stamp in whole else stamp - 60_000_000_000
        assert np.array_equal(pixels, whole[back])
    assert len(stamps) in (len(whole) - 1, len(whole) - 2)


@pytest.mark.parametrize('size', [1, 333, 5000])
def test_windows_of_a_number_of_events(size: int) -> None:
    """Each image has exactly `count` events; its stamp is that of the last."""
    events = random_events(5000)
    found = images(packets(events, size, 'libcaer'), config(window='count', count=700))
    assert len(found) == 7
    for n, (stamp, pixels) in enumerate(found):
        part = events.part(slice(700 * n, 700 * n + 700))
        assert np.array_equal(pixels, counted(part))
        assert stamp == START + int(part.t_us[-1]) * 1000


def test_of_a_region_only_its_events_are_counted() -> None:
    """Only events within the region of interest count."""
    events = random_events(5000)
    region = {'roi_x': 10, 'roi_y': 5, 'roi_width': 20, 'roi_height': 30}
    found = images(packets(events, 100), config(window='count', count=300, **region))
    assert all(pixels.sum() == 300 for _, pixels in found)
    assert found[0][1].shape == (30, 20)


def test_a_region_of_interest() -> None:
    """The image is the region; 0 is up to the edge."""
    every = packets(random_events(20_000), 100)
    whole = images(every, config())
    part = images(every, config(roi_x=10, roi_y=5, roi_width=20))
    for (_, full), (_, cut) in zip(whole, part):
        assert np.array_equal(cut, full[5:, 10:30])


def test_polarities() -> None:
    """Split polarities are stacked, signed ones subtracted, merged ones added."""
    every = packets(random_events(20_000), 100)
    merged, split, signed = (
        images(every, config(polarity=polarity)) for polarity in ('merged', 'split', 'signed')
    )
    for (_, both), (_, apart), (_, difference) in zip(merged, split, signed):
        darker, brighter = apart[:HEIGHT], apart[HEIGHT:]
        assert np.array_equal(darker + brighter, both)
        assert np.array_equal(brighter - darker, difference)
    cut = images(every, config(polarity='split', roi_y=8))
    assert np.array_equal(
        cut[0][1], np.concatenate([split[0][1][8:HEIGHT], split[0][1][HEIGHT + 8 :]])
    )


def test_a_trace_that_fades() -> None:
    """Each event weighs exp(-age / decay) at the end of the window, earlier ones too."""
    events = random_events(20_000, first_us=5_000_000)
    found = images(packets(events, 100), config(window='leaky', decay=0.05))
    assert len(found) >= 8
    for stamp, pixels in found:
        age = ((stamp - START) / 1000 - events.t_us) * 1e-6
        expected = np.zeros((HEIGHT, WIDTH))
        past = age > 0
        np.add.at(expected, (events.y[past], events.x[past]), np.exp(-age[past] / 0.05))
        assert np.allclose(pixels, expected, rtol=1e-4, atol=1e-5)


def test_a_trace_fades_in_silence_too() -> None:
    """Windows without events give no image, but the trace fades in them."""
    early = random_events(500, span_us=50_000, first_us=5_000_000)
    late = random_events(100, span_us=300_000, first_us=5_400_000)
    found = images(
        [packet('libcaer', early), packet('libcaer', late)], config(window='leaky', decay=0.1)
    )
    stamp, pixels = found[-1]
    total = sum(
        float(
            np.exp(
                -((stamp - START) / 1000 - part.t_us[part.t_us * 1000 < stamp - START]) * 1e-5
            ).sum()
        )
        for part in (early, late)
    )
    assert float(pixels.sum()) == pytest.approx(total, rel=1e-3)


def hot(events: Events, places: list[tuple[int, int]], rate: int = 40) -> Events:
    """Add `rate` events per window at these pixels."""
    times = np.arange(int(events.t_us[0]), int(events.t_us[-1]), PERIOD_US // rate)
    parts = [
        events,
        *(
            Events(
                np.full(len(times), x, np.uint16),
                np.full(len(times), y, np.uint16),
                np.ones(len(times), np.uint8),
                times,
            )
            for x, y in places
        ),
    ]
    every = Events(*(np.concatenate(column) for column in zip(*parts)))
    return every.part(np.argsort(every.t_us, kind='stable'))


@pytest.mark.parametrize('polarity', ['merged', 'split', 'signed'])
def test_hot_pixels_are_found_and_masked(polarity: str) -> None:
    """Single pixels and pairs that always report are hot, also in the corners; no others."""
    places = [(20, 20), (21, 20), (0, 0), (63, 47), (40, 10)]
    events = hot(random_events(30_000, span_us=3_000_000), places)
    found = images(packets(events, 200), EventsConfig(polarity=polarity))
    plain = images(packets(events, 200), config(polarity=polarity))
    for number, ((_, pixels), (_, kept)) in enumerate(zip(found, plain)):
        masked = {(int(x), int(y) % HEIGHT) for y, x in zip(*np.nonzero(pixels != kept))}
        assert masked == (set() if number < 19 else set(places)), number


def test_what_is_seen_is_not_hot() -> None:
    """An edge one pixel wide is not a row of hot pixels."""
    edge = [(x, 20) for x in range(10, 40)]
    events = hot(random_events(5_000, span_us=3_000_000), edge)
    found = images(packets(events, 500), EventsConfig())
    assert found[-1][1][20, 12:38].min() > 20


def test_with_hot_pixels_a_number_of_events_is_of_others() -> None:
    """Once found, a hot pixel does not make images more frequent."""
    events = hot(random_events(30_000, span_us=3_000_000), [(20, 20)], rate=2000)
    found = images(packets(events, 200), EventsConfig(window='count', count=500))
    assert found[0][1].sum() == 500
    assert found[-1][1][20, 20] == 0
    assert found[-1][1].sum() == 500


@pytest.mark.parametrize(
    ('settings', 'said'),
    [
        ({'roi_x': 64}, 'within 64x48'),
        ({'roi_width': 65}, 'within 64x48'),
        ({'roi_y': 40, 'roi_height': 9}, 'rows 40 to 48'),
        ({'window': 'leaky', 'period': 10.0, 'decay': 0.1}, 'at most 20 times'),
    ],
)
def test_settings_that_do_not_fit(settings: dict[str, Any], said: str) -> None:
    """They are refused once the size of the sensor is known."""
    with pytest.raises(ConfigError, match=said):
        Accumulator(config(**settings), WIDTH, HEIGHT)


def test_image_size() -> None:
    """Images are of the region's size, twice as high with polarities split."""
    assert event_image_size(config(), 64, 48) == (64, 48)
    assert event_image_size(config(roi_x=4, roi_height=10, polarity='split'), 64, 48) == (60, 20)


def test_no_memory_is_taken_in_the_steady_state() -> None:
    """A second of packets and images allocates a few small objects only."""
    width, height = 640, 480
    events = random_events(100_000, span_us=4_000_000, width=width, height=height)
    every = packets(events, 1000, width=width, height=height)
    stream = EventStream(EventsConfig(), decoder='own')
    for one in every[:50]:
        for _ in stream.feed(one):
            pass
    tracemalloc.start()
    for one in every[50:]:
        for _ in stream.feed(one):
            pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # An image is 1.2 MB.
    # Once in 20 images the busiest pixels are compared with their neighbours.
    assert peak < 600_000


@pytest.mark.parametrize('size', [100, 20_000])
def test_bins_are_those_of_histogramdd(size: int) -> None:
    """Windows of (time, height, width) equal NumPy's histogram, as spiking networks are fed."""
    events = random_events(20_000, first_us=5_030_000)
    bins, height, width = 10, 12, 16
    binner = Binner(bins, 10_000_000, (height, width), (HEIGHT, WIDTH))
    decoder, buffer = StreamDecoder(prefer='own'), EventBuffer()
    found = []
    for one in packets(events, size, 'libcaer'):
        offset, jumped = decoder.decode(one, buffer)
        found += [(stamp, counts.copy()) for stamp, counts in binner.add(buffer, offset, jumped)]
    assert len(found) == 9
    for stamp, counts in found:
        begin = (stamp - START) // 1000 - PERIOD_US
        expected, _ = np.histogramdd(
            np.stack([events.t_us, events.y, events.x], axis=1).astype(float),
            bins=(bins, height, width),
            range=((begin, begin + PERIOD_US), (0, HEIGHT), (0, WIDTH)),
        )
        # NumPy counts the very end of the last bin too.
        late = events.part(events.t_us == begin + PERIOD_US)
        np.subtract.at(expected, (bins - 1, late.y // 4, late.x // 4), 1)
        assert np.array_equal(counts, expected)


def test_columns_of_a_buffer() -> None:
    """Users of the library get events as columns."""
    events = random_events(100)
    buffer = EventBuffer()
    StreamDecoder(prefer='own').decode(packet('evt3', events), buffer)
    assert [column.dtype for column in (buffer.x, buffer.y, buffer.p, buffer.t)] == [
        np.uint16,
        np.uint16,
        np.uint8,
        np.int64,
    ]
    assert np.array_equal(columns(buffer).t_us, events.t_us)
