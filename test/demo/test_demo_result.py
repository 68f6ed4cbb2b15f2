"""Matches that were recorded over DDS, assigned to their query frames."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vprtempo_ros.demo.result import read_matches
from vprtempo_ros.evaluation.truth import GroundTruth

SHIFT = 7_000_000_000


def test_recorded_matches_are_assigned_by_stamp(tmp_path: Path) -> None:
    """Stamps are moved back; unknown places, lost frames and foreign stamps are distinguished."""
    stamps = np.arange(4) * 100
    truth = GroundTruth(stamps, np.arange(4), np.arange(4))
    file = tmp_path / 'matches.csv'
    file.write_text(
        'stamp_ns,received_ns,places,confidences\n'
        f'{SHIFT + 200},{SHIFT + 2_000_200},7 2 9,0.500000 0.250000 0.1\n'
        f'{SHIFT},{SHIFT + 4_000_000},0 1,0.900000 0.1\n'
        f'{SHIFT + 100},{SHIFT + 3_000_100},,\n'
        f'{SHIFT + 55},{SHIFT + 3_000_100},1,1.0\n'
    )
    received, lost = read_matches(file, truth, SHIFT, 3)
    assert received.predictions.places.tolist() == [0, -1, 7, -1]
    assert received.predictions.certainty.tolist() == [0.9, 0.0, 0.5, 0.0]
    assert received.predictions.ranks.tolist() == [1, 0, 2, 0]
    assert received.predictions.depth == 3
    assert sorted(received.latencies_ms.tolist()) == [2.0, 3.0, 4.0]
    assert lost == 1
