"""What is missing in recordings is in the notes of a report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.events import TOPIC, event_drive, packet, records, scene
from support.helpers import START, images, odometry, picture, tiny_config, write_bag

from vprtempo_ros.maps.building import build_map
from vprtempo_ros.maps.store import save
from vprtempo_ros.tools.evaluate import main

TENTH = 100_000_000


def notes(folder: Path) -> list[str]:
    """Return the notes of a report; those of its page are the same."""
    found: list[str] = json.loads((folder / 'results.json').read_text())['notes']
    page = (folder / 'report.html').read_text()
    for note in found:
        # Quotes and the like are escaped there.
        assert note.split("'")[0] in page
    return found


@pytest.mark.long
def test_gaps_and_frames_without_a_pose(tmp_path: Path) -> None:
    """Of the query, and of the drive that the map is of."""
    whole = [*images((picture(n) for n in range(20)), period_ns=TENTH)]
    poses = [*odometry([(n, 0, 0) for n in range(20)], period_ns=TENTH)]
    reference = write_bag(tmp_path / 'reference', [*whole, *poses[:12]])
    built = build_map(
        tiny_config(reference, places__spacing=1.0, poses__max_gap=0.2, input__topic='')
    )
    save(built, tmp_path / 'map')
    late = images((picture(n) for n in range(20, 30)), start_ns=START + 60 * TENTH, period_ns=TENTH)
    query = write_bag(tmp_path / 'query', [*whole, *late, *poses])
    given = [str(tmp_path / 'map'), str(query), '--out', str(tmp_path / 'out')]
    assert main([*given, '--radius', '1.5']) == 0
    found = notes(tmp_path / 'out')
    assert 'query: 1 gap, the largest of 4.1 s' in found
    assert 'query: 10 frames without a pose' in found
    assert f'{reference}: 6 frames without a pose' in found
    assert (
        '10 of 30 query frames have no known truth (no pose at their stamp) and are excluded from '
        'all figures'
    ) in found


@pytest.mark.long
def test_lost_and_late_events(tmp_path: Path) -> None:
    """Packets that are missing, events out of order and packets left out are counted."""
    reference = event_drive(tmp_path / 'reference', range(6))
    save(
        build_map(
            tiny_config(
                reference,
                input__type='events',
                input__events__hot_pixels=0.0,
                places__by='frames',
                places__spacing=1.0,
            )
        ),
        tmp_path / 'map',
    )
    every = []
    for place in range(7):
        events = scene(place, place * 100_000)
        every += [
            packet('mono', events.part(slice(begin, begin + 500)), 8 * place + number)
            for number, begin in enumerate(range(0, 4000, 500))
        ]
    every[12] = every[12]._replace(encoding='evt9')
    del every[20:23]
    events = scene(2, 210_000)
    events.t_us[5] = 10_000
    every[17] = packet('mono', events.part(slice(0, 500)), 17)
    query = write_bag(tmp_path / 'query', records(every, TOPIC))
    out = tmp_path / 'out'
    given = [str(tmp_path / 'map'), str(query), '--out', str(out), '--tolerance', '0']
    assert main(given) == 0
    found = notes(out)
    assert 'query: 3 packets of events are missing, by their sequence numbers' in found
    assert any("1 frames of the query were left out: unknown encoding 'evt9'" in n for n in found)
    assert any(n.startswith('query: 1 event left out') for n in found), found
