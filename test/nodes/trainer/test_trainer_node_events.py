"""trainer_node on recordings of events, as a process: a map, a warning, a refusal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support import ros
from support.event_kinds import write
from support.events import event_drive, packets, random_events, records
from support.helpers import drive, write_bag

from vprtempo_ros.maps.store import load

TINY: dict[str, Any] = {
    'encoding.encoder': 'pixels',
    'encoding.width': 8,
    'encoding.height': 8,
    'encoding.patch': 3,
    'training.epochs': 2,
    'training.feature_multiplier': 1.0,
}


def trainer(tmp_path: Path, bag: Path, **settings: Any) -> tuple[int, str]:
    """Run the node to its end; return exit status and output."""
    with ros.node(
        tmp_path,
        'trainer_node',
        parameters={
            'bags': bag,
            'map': tmp_path / 'map',
            'input.type': 'events',
            **TINY,
            **{name.replace('__', '.'): value for name, value in settings.items()},
        },
    ) as process:
        status = process.process.wait(ros.PATIENCE)
        return status, process.output()


def test_a_map_of_events(tmp_path: Path) -> None:
    """Events and poses of a bag become a map that knows its sensor and its windows."""
    status, said = trainer(
        tmp_path,
        event_drive(tmp_path / 'bag', range(6)),
        places__by='metres',
        input__events__polarity='split',
    )
    assert status == 0, said
    loaded = load(tmp_path / 'map')
    assert loaded.sensor == ('events', 64, 48)
    assert loaded.config.input.events.polarity == 'split'
    assert all(place.pose for place in loaded.places)


@pytest.mark.parametrize('kind', ['EVT3', 'AEDAT4', 'HDF5'])
def test_a_map_of_a_file(tmp_path: Path, kind: str) -> None:
    """Files of event cameras are traverses as bags are."""
    if kind == 'HDF5':
        pytest.importorskip('h5py')
    path = write(tmp_path / 'a', kind, random_events(20_000, first_us=0))
    status, said = trainer(tmp_path, path, places__spacing=1.0)
    assert status == 0, said
    loaded = load(tmp_path / 'map')
    assert loaded.sensor == ('events', 64, 48)
    # The first and the last window are not whole.
    assert len(loaded.places) == 8


def test_packets_that_are_left_out_are_reported(tmp_path: Path) -> None:
    """The map is made anyway."""
    every = packets(random_events(20_000, first_us=0), 200)
    every[10] = every[10]._replace(encoding='evt2')
    status, said = trainer(tmp_path, write_bag(tmp_path / 'bag', records(every)))
    assert status == 0, said
    assert "1 of 100 messages left out: unknown encoding 'evt2'" in said


@pytest.mark.parametrize(
    ('settings', 'words'),
    [
        ({}, 'expected one event topic, found none'),
        ({'input__events__period': 0.0}, 'input.events.period'),
        ({'input__events__window': 'weekly'}, 'expected one of time, count, leaky'),
    ],
)
def test_what_cannot_be_done(tmp_path: Path, settings: dict[str, Any], words: str) -> None:
    """A bag of images is no bag of events, and settings are checked."""
    status, said = trainer(tmp_path, drive(tmp_path / 'bag', range(3), range(3)), **settings)
    assert status == 1
    assert words in said
    assert 'Traceback' not in said
    assert not (tmp_path / 'map').exists()
