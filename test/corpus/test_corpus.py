"""Inputs recorded with earlier versions are still read, with the answers of that time."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from corpus.answers import CORPUS, KINDS

from vprtempo_ros.events.decoding import OWN
from vprtempo_ros.maps.map import FORMAT_VERSION
from vprtempo_ros.sources.image_msg import DECODERS, ENCODINGS
from vprtempo_ros.sources.poses import POSE_TYPES

ANSWERS = {kind: json.loads((CORPUS / kind / 'answers.json').read_text()) for kind in KINDS}
ENTRIES = [(kind, name) for kind in KINDS for name in ANSWERS[kind]]

# By how much values may differ that depend on the version of OpenCV and on the processor.
TOLERANCES = {'grey': 2.0, 'mean': 1.0, 'similarity': 0.01}
LARGEST = 500_000


def check(expected: Any, found: Any, key: str = '') -> None:
    """Compare an answer; the software may answer more than it did when the entry was made."""
    if isinstance(expected, dict):
        assert expected.keys() <= found.keys()
        for each, value in expected.items():
            check(value, found[each], each)
    elif key in TOLERANCES:
        np.testing.assert_allclose(found, expected, rtol=0, atol=TOLERANCES[key], err_msg=key)
    elif isinstance(expected, list):
        assert len(found) == len(expected), key
        for one, other in zip(expected, found):
            check(one, other, key)
    else:
        assert found == expected, key


@pytest.mark.parametrize(('kind', 'name'), ENTRIES, ids='/'.join)
def test_an_entry_gives_the_answers_of_its_time(kind: str, name: str) -> None:
    """Every later version reads it, with the same result."""
    # Through JSON, as the expected answer: tuples become lists.
    check(ANSWERS[kind][name], json.loads(json.dumps(KINDS[kind](CORPUS / kind / name))))


def test_a_wrong_answer_is_noticed() -> None:
    """Beyond the tolerance, of another length, or missing."""
    right = {'stamp_ns': 5, 'similarity': [0.5, 0.25], 'packets': [{'x': [1, 2]}]}
    check(right, right)
    check(right, {**right, 'similarity': [0.5, 0.255], 'more': 1})
    for wrong in (
        {'stamp_ns': 6},
        {'similarity': [0.5, 0.27]},
        {'similarity': [0.5]},
        {'packets': []},
        {'packets': [{'x': [1, 3]}]},
        {'packets': [{'y': [1, 2]}]},
    ):
        with pytest.raises(AssertionError):
            check(right, {**right, **wrong})


def test_everything_that_is_read_has_an_entry() -> None:
    """Who adds an encoding, a message type or a map format adds an entry."""
    assert set(ENCODINGS) <= ANSWERS['image_messages'].keys()
    assert OWN.keys() <= ANSWERS['event_packets'].keys()
    poses = {
        (CORPUS / 'pose_messages' / name / 'type.txt').read_text().strip()
        for name in ANSWERS['pose_messages']
    }
    assert poses == set(POSE_TYPES)
    assert 'mcap_transforms' in ANSWERS['bags']
    assert len(DECODERS) == 2  # Images and compressed images.
    assert {f'format_{FORMAT_VERSION}_{kind}' for kind in ('camera', 'events')} <= ANSWERS[
        'maps'
    ].keys()


def test_the_corpus_is_complete_and_small() -> None:
    """Each folder is an entry with an answer, and a clone takes no longer for them."""
    for kind, answers in ANSWERS.items():
        folders = {path.name for path in (CORPUS / kind).iterdir() if path.is_dir()}
        assert folders == answers.keys()
    files = [path for kind in KINDS for path in (CORPUS / kind).rglob('*') if path.is_file()]
    assert sum(path.stat().st_size for path in files) < LARGEST
