"""Second figures for the bill: RAPL, SANA-FE on the exported network, published energies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support import quantised

from vprtempo_ros.backends.spike_trains import RateCode
from vprtempo_ros.config import SinabsConfig
from vprtempo_ros.energy import sana_fe
from vprtempo_ros.energy.published import PUBLISHED
from vprtempo_ros.energy.rapl import ROOT, measure, zones
from vprtempo_ros.energy.sana_fe import simulate
from vprtempo_ros.errors import BackendError
from vprtempo_ros.network.network import LinearNetwork
from vprtempo_ros.tools.second_figures import second_figures

RATE = SinabsConfig(steps=20)
NETWORK = LinearNetwork(np.random.default_rng(0).normal(size=(5, 64)).astype(np.float32))
FRAMES = np.random.default_rng(1).integers(0, 256, (4, 64)).astype(np.uint8)


def zone(root: Path, number: int, name: str, energy: int = 0, largest: int = 999) -> Path:
    """Write the files of a RAPL zone; return its counter."""
    folder = root / f'intel-rapl:{number}'
    folder.mkdir(parents=True)
    (folder / 'name').write_text(f'{name}\n')
    (folder / 'max_energy_range_uj').write_text(f'{largest}\n')
    (folder / 'energy_uj').write_text(f'{energy}\n')
    return folder / 'energy_uj'


def spending(counter: Path, microjoules: int, largest: int) -> Callable[[], None]:
    """Return work that moves a counter, which wraps."""

    def work() -> None:
        counter.write_text(str((int(counter.read_text()) + microjoules) % (largest + 1)))

    return work


def test_packages_are_counted_and_wrap(tmp_path: Path) -> None:
    """Each call's energy, summed over packages only, though the counter starts again at zero."""
    zone(tmp_path, 1, 'psys')
    counter = zone(tmp_path, 0, 'package-0', 990, 1_000_000)
    found = zones(tmp_path)
    assert [each.counter for each in found] == [counter]
    counter.write_text('999990')
    work = spending(counter, 7, 1_000_000)
    measured = measure(work, found, seconds=0.05)
    assert measured.calls > 1
    assert measured.total == pytest.approx(7.0)
    assert measured.above_idle == pytest.approx(7.0)


def test_without_counters_one_line_says_so(tmp_path: Path) -> None:
    """No such folder, no package, or counters that only root may read."""
    for root in (tmp_path / 'none', tmp_path):
        with pytest.raises(BackendError, match='no RAPL counters in'):
            zones(root)
    zone(tmp_path, 0, 'dram')
    with pytest.raises(BackendError, match='no RAPL counters in'):
        zones(tmp_path)


def test_counters_of_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line says how to allow it."""
    counter, plain = zone(tmp_path, 0, 'package-0'), Path.read_text

    def refused(path: Path, *args: object) -> str:
        if path == counter:
            raise PermissionError
        return plain(path, *args)

    monkeypatch.setattr(Path, 'read_text', refused)
    with pytest.raises(BackendError, match=r'may only be read by root: sudo chmod a\+r'):
        zones(tmp_path)


@pytest.mark.process
def test_sana_fe_counts_as_we_do() -> None:
    """Operations of a linear network, and their energy by the architecture of SANA-FE."""
    pytest.importorskip('sanafe', reason=f'needs SANA-FE: {sana_fe.HINT}')
    code = RateCode(64, RATE.steps, RATE.seed)
    trains = np.stack([code(frame) for frame in FRAMES])
    found = simulate([NETWORK.weights], 1.0, trains)
    spikes = trains.sum() / len(FRAMES)
    assert found.operations == 5 * spikes
    assert found.synapses == pytest.approx(found.operations * 35.5e-6)
    assert found.messages == pytest.approx(spikes * 111e-6)
    assert found.cores == 2 and found.seconds > 0


@pytest.mark.process
def test_sana_fe_resets_neurons_as_nir_does() -> None:
    """Spikes of neurons between two layers, step by step."""
    pytest.importorskip('sanafe', reason=f'needs SANA-FE: {sana_fe.HINT}')
    rng = np.random.default_rng(2)
    first, second = (rng.normal(size=shape).astype(np.float32) for shape in ((7, 6), (3, 7)))
    train = (rng.random((1, 50, 6)) < 0.4).astype(np.float32)
    potential, sent = np.zeros(7), 0
    for step in train[0]:
        potential += first.astype(float) @ step
        fired = potential > 0.8
        potential[fired] = 0.0
        sent += int(fired.sum())
    assert sent > 20
    found = simulate([first, second], 0.8, train)
    assert found.operations == 7 * train.sum() + 3 * sent


def test_sana_fe_refuses_what_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it takes memory; and where it is missing, the line says how to install it."""
    monkeypatch.setattr(sana_fe, 'find_spec', lambda name: None)
    with pytest.raises(BackendError, match='not installed: pip install sanafe==2.2.9'):
        simulate([NETWORK.weights], 1.0, np.zeros((1, 2, 64), np.float32))
    monkeypatch.setattr(sana_fe, 'find_spec', lambda name: object())
    wide = np.broadcast_to(np.float32(1), (500, 5000))
    with pytest.raises(BackendError, match='2,500,000 synapses'):
        simulate([wide], 1.0, np.zeros((1, 2, 5000), np.float32))


def test_the_lines_of_the_command() -> None:
    """A line for each figure, for the map's number of places; what is missing says why."""
    lines = list(second_figures(NETWORK, FRAMES, RATE, 0))
    assert not any('SANA-FE' in line for line in lines)
    if not ROOT.is_dir():
        assert f'no RAPL counters in {ROOT}' in lines[1]
    for each in PUBLISHED:
        assert any(line.startswith(f'{each.system}, 5 places') for line in lines)
    clamped = list(second_figures(quantised.trained('clamped', keep_fp32=False), FRAMES, RATE, 1))
    assert any('SANA-FE' in line and 'holds integers' in line for line in clamped)


def test_published_energies_grow_with_the_places() -> None:
    """Where their authors' network has neurons or products for each place."""
    by_name = {each.system: each for each in PUBLISHED}
    operations = by_name['LENS, operations']
    # 100-200-100: 843 spikes to 200 features, 2,072 to 100 places.
    assert operations.of(100) == pytest.approx((168_676 + 207_200) * 1e-5)
    assert operations.of(200) > operations.of(100)
    assert by_name['SpikeVPR, 45 nm'].of(0) == 18_000
