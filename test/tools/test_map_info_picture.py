"""map_info --picture: a map as a picture."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from support.edited import bag_of, map_of, street_config, trained
from support.street import Street

from vprtempo_ros.maps.revisions import label
from vprtempo_ros.tools import map_info


def test_picture_of_a_map(
    street: Street, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It names the map and the places that look alike, by their labels, each pair once."""
    folder = map_of(street, range(9), tmp_path / 'map')
    for place in range(9):
        label(folder, place, f'door {place} <b>')
    picture = tmp_path / 'map.svg'
    assert map_info.main([str(folder), '--picture', str(picture)]) == 0
    assert 'revision 10' in capsys.readouterr().out.replace('revision     ', 'revision ')
    texts = [each.text or '' for each in ElementTree.parse(picture).iter() if each.text]
    assert 'map: revision 10, 9 places' in texts
    pairs = [text for text in texts if ' looks like ' in text]
    assert 1 <= len(pairs) <= 5
    assert pairs[0].startswith('door ')
    names = [frozenset(text.rpartition(':')[0].split(' looks like ')) for text in pairs]
    assert len(set(names)) == len(names)


def test_picture_without_training_data(street: Street, tmp_path: Path) -> None:
    """The picture says what is not known."""
    bag = bag_of(street.places()[:4], tmp_path / 'bag')
    folder = trained(street_config(bag, training__keep_samples=False), tmp_path / 'map')
    assert map_info.main([str(folder), '--picture', str(tmp_path / 'a.svg')]) == 0
    assert 'without training data' in (tmp_path / 'a.svg').read_text()


def test_a_picture_that_cannot_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line, before the map is read."""
    assert map_info.main([str(tmp_path), '--picture', 'map.bmp']) == 1
    assert 'ends in .svg or .png' in capsys.readouterr().err
