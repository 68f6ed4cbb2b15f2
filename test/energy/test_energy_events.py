"""Energy on recordings of events: as images, and as spikes of the simulation."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.events import event_drive
from support.helpers import tiny_config

from vprtempo_ros.config import PosesConfig
from vprtempo_ros.energy.event_trains import EventTrains
from vprtempo_ros.errors import ConfigError, SourceError
from vprtempo_ros.evaluation.query import QueryConfig, read_query
from vprtempo_ros.maps.building import build_map
from vprtempo_ros.maps.map import Map
from vprtempo_ros.maps.store import load, save
from vprtempo_ros.tools import energy

COUNTS: dict[str, Any] = {
    'input__events__hot_pixels': 0.0,
    'encoding__resize': 'area',
    'encoding__tone': 'linear',
    'encoding__contrast': 'none',
    'encoding__adapt': False,
}
with_sinabs = pytest.mark.skipif(
    find_spec('sinabs') is None or find_spec('torch') is None,
    reason='needs sinabs and torch: make lava on Python 3.11',
)


@pytest.fixture(scope='module')
def bag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a recording of a sensor of 64x48 pixels at six places."""
    return event_drive(tmp_path_factory.mktemp('route') / 'bag', range(6), poses=False)


@pytest.fixture(scope='module')
def counting(bag: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a map of it whose amplitudes are numbers of events."""
    config = tiny_config(
        bag,
        input__type='events',
        encoding__encoder='pixels',
        encoding__width=16,
        encoding__height=12,
        training__outputs='stdp',
        training__epochs=0,
        training__feature_multiplier=4.0,
        **COUNTS,
    )
    return save(build_map(config), tmp_path_factory.mktemp('counting') / 'map')


def trains(loaded: Map, bag: Path, steps: int) -> tuple[EventTrains, np.ndarray]:
    """Return the trains of all images of a recording, and the spikes of these."""
    query = read_query(
        str(bag), loaded, QueryConfig(loaded.config.input, PosesConfig(topic='none'))
    )
    return EventTrains(bag, '', loaded, query.stamps, steps), query.spikes


@pytest.mark.long
@pytest.mark.parametrize('steps', [1, 50])
def test_events_have_the_rates_of_their_image(counting: Path, bag: Path, steps: int) -> None:
    """Over all steps each input gets the events below it, weighed to the image's amplitudes."""
    found, spikes = trains(load(counting), bag, steps)
    read = [train.copy() for train in found]
    assert len(read) == len(spikes) == 6
    assert {train.shape for train in read} == {(steps, 192)}
    for train, amplitudes in zip(read, spikes):
        below = train.sum(axis=0)
        assert below.sum() > 1000
        # An input has 16 pixels, and amplitudes are rounded down.
        assert (below // 16 == amplitudes).all()
        rates = train.sum(axis=0) * found.weight / steps
        assert np.abs(rates - amplitudes / 255).max() < 1 / 255
    if steps > 1:
        assert (read[0].sum(axis=1) > 0).sum() > 10


def test_the_same_each_time(counting: Path, bag: Path) -> None:
    """They can be gone through again, as the curves do."""
    found, _ = trains(load(counting), bag, 10)
    once, again = ([train.copy() for train in found] for _ in range(2))
    assert np.array_equal(once, again)


# SANA-FE, where it is installed, runs in a process of its own.
@pytest.mark.process
@with_sinabs
def test_the_tool(
    counting: Path, bag: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A recording of events is counted on; its events as spikes recognise their places."""
    said = {}
    for spikes in ('drawn', 'events'):
        assert (
            energy.main(
                [
                    str(counting),
                    str(bag),
                    '--tolerance',
                    '0',
                    '--steps',
                    '50',
                    '--spikes',
                    spikes,
                    '--out',
                    str(tmp_path),
                ]
            )
            == 0
        )
        said[spikes] = capsys.readouterr().out.splitlines()
    row = next(line for line in said['events'] if line.startswith('Speck, rate'))
    assert float(row.split()[-1]) >= 5 / 6
    sent = [
        next(line for line in lines if line.startswith('rate: spikes sent')).split()
        for lines in said.values()
    ]
    # Every event is a spike: there are 4000 in each window.
    assert abs(int(sent[1][3].replace(',', '')) - 4000) < 100
    assert sent[0] != sent[1]


def test_maps_that_are_not_of_counts_are_refused(
    event_map: Path, bag: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line names the first unsuitable setting."""
    assert (
        energy.main([str(event_map), str(bag), '--spikes', 'events', '--out', str(tmp_path)]) == 1
    )
    said = capsys.readouterr().err
    assert 'input.events.hot_pixels: expected 0.0, found 8.0' in said
    assert said.count('\n') == 1


def test_windows_that_cannot_be_divided_are_refused(counting: Path, bag: Path) -> None:
    """Bins are whole nanoseconds."""
    with pytest.raises(ConfigError, match='divides the window of 100000000 ns, found 7'):
        trains(load(counting), bag, 7)


def test_another_recording_is_noticed(counting: Path, bag: Path) -> None:
    """Images that are not there are named."""
    with pytest.raises(SourceError, match='expected the events of the image of 1 ns'):
        list(EventTrains(bag, '', load(counting), np.array([1]), 10))
