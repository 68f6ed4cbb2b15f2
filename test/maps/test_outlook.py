"""What to expect of a map: the places that will be recognised, and those that look alike."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.edited import bag_of, street_config, trained
from support.street import Street

from vprtempo_ros.backends.reference import reference_backend
from vprtempo_ros.maps.outlook import Outlook, outlook
from vprtempo_ros.maps.revisions import load_content
from vprtempo_ros.support.progress import silent


def found(path: Path, with_training: bool = True) -> Outlook:
    """Return the outlook of a map on disk."""
    opened = load_content(path)
    backend = reference_backend(opened.map.network)
    result = outlook(opened.map, opened.content.data if with_training else None, backend, silent)
    backend.close()
    return result


@pytest.fixture(scope='module')
def twice(street: Street, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a map with places 3 to 6 of the street twice, at other ends of the route."""
    folder = tmp_path_factory.mktemp('outlook')
    places = street.places()
    frames = [*places[:14], *places[3:7]]
    return trained(street_config(bag_of(frames, folder / 'bag')), folder / 'map')


def test_places_that_look_alike(twice: Path) -> None:
    """Two places with the same image are each other's likeness, and their frames are mistaken."""
    result = found(twice)
    assert result.compared.tolist() == list(range(18))
    alike, ratio = result.alike[3:7], result.ratio
    assert alike.tolist() == [14, 15, 16, 17]
    assert ratio[3:7].min() > 0.95
    others = [place for place in range(18) if place not in (3, 4, 5, 6, 14, 15, 16, 17)]
    assert ratio[others].max() < ratio[3:7].min() - 0.2
    assert result.tested.tolist() == list(range(18))
    confused, clear = np.r_[3:7, 14:18], [8, 9, 10, 11]
    assert result.single[confused].mean() < 0.75 < result.single[clear].mean()
    for values in (result.confidence, result.single, result.ratio):
        assert values.dtype == np.float32
        assert ((values >= 0.0) & (values <= 1.0)).all()


def test_without_training_data(twice: Path) -> None:
    """Nothing is tried, and likeness is known all the same."""
    result = found(twice, with_training=False)
    assert len(result.tested) == len(result.confidence) == len(result.single) == 0
    assert result.alike[3:7].tolist() == [14, 15, 16, 17]


def test_all_places_within_the_tolerance(street: Street, tmp_path: Path) -> None:
    """Of a map of two places neither has another one to be mistaken for."""
    bag = bag_of(street.places()[:2], tmp_path / 'bag')
    result = found(trained(street_config(bag, places__tolerance=5), tmp_path / 'map'))
    assert result.alike.tolist() == [0, 1]
    assert result.ratio.tolist() == [0.0, 0.0]


def test_progress_goes_to_its_end(twice: Path) -> None:
    """Progress never goes back, and ends with all done."""
    seen: list[tuple[int, int]] = []
    opened = load_content(twice)
    backend = reference_backend(opened.map.network)

    def note(stage: str, done: int, total: int) -> None:
        seen.append((done, total))

    outlook(opened.map, opened.content.data, backend, note)
    backend.close()
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1][0] == seen[-1][1] == seen[0][1]
