"""What came of the demo: figures and a picture."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..config import BackendConfig, BagInputConfig, MatchConfig, PosesConfig
from ..evaluation.picture import draw_similarity
from ..evaluation.recall import recall_at
from ..evaluation.truth import GroundTruth
from ..maps.map import Map
from ..recogniser import Recogniser
from ..sources.traverse import open_traverse

Answers = list[list[int]]


@dataclass(frozen=True)
class Received:
    """The answers that arrived for each query frame, and how long each took in ms."""

    answers: Answers
    latencies: NDArray[np.float64]
    lost: int


def read_matches(file: Path, truth: GroundTruth, shift_ns: int) -> Received:
    """
    Assign recorded matches to query frames.

    :param shift_ns: by how much the stamps of the query were moved when it was replayed.
    """
    numbers = {int(stamp): number for number, stamp in enumerate(truth.stamps)}
    answers: Answers = [[] for _ in range(len(truth))]
    latencies = []
    answered = set()
    with file.open(newline='', encoding='utf-8') as stream:
        for row in csv.DictReader(stream):
            stamp = int(row['stamp_ns'])
            number = numbers.get(stamp - shift_ns)
            if number is None:
                continue
            answered.add(number)
            answers[number] = [int(place) for place in row['places'].split()]
            latencies.append((int(row['received_ns']) - stamp) * 1e-6)
    return Received(answers, np.array(latencies), len(truth) - len(answered))


def similarity_matrix(built: Map, query: Path, truth: GroundTruth) -> NDArray[np.float32]:
    """Return the similarities float32 (queries, places); zeros for a frame that has none."""
    recogniser = Recogniser(built, BackendConfig())
    traverse, _ = open_traverse(str(query), BagInputConfig(), PosesConfig(topic='none'))
    numbers = {int(stamp): number for number, stamp in enumerate(truth.stamps)}
    matrix = np.zeros((len(truth), len(built.places)), np.float32)
    for frame in traverse:
        matrix[numbers[frame.stamp_ns]] = recogniser.recognise(
            frame.image, MatchConfig()).similarity
    recogniser.close()
    return matrix


def summary(received: Received, truth: GroundTruth, places: int, right_when: str) -> str:
    """Return the closing lines."""
    latencies = received.latencies if len(received.latencies) else np.array([np.nan])
    rows = [
        ('places in the map', f'{places}'),
        ('query frames', f'{len(truth)}'),
        (f'recall@1 ({right_when})', f'{recall_at(truth, received.answers, 1):.3f}'),
        (f'recall@5 ({right_when})', f'{recall_at(truth, received.answers, 5):.3f}'),
        ('latency median, stamp to match', f'{np.median(latencies):.2f} ms'),
        ('latency 99th percentile', f'{np.percentile(latencies, 99):.2f} ms'),
        ('frames lost', f'{received.lost}'),
    ]
    width = max(len(name) for name, _ in rows)
    return '\n'.join(f'  {name:<{width}}  {value}' for name, value in rows)


def draw(
    built: Map, query: Path, received: Received, truth: GroundTruth, file: Path,
) -> None:
    """Write the picture of similarities, matches and truth."""
    recall = recall_at(truth, received.answers, 1)
    draw_similarity(similarity_matrix(built, query, truth), received.answers, truth,
                    f'{len(built.places)} places, {len(truth)} query frames: '
                    f'recall@1 {recall:.2f}', file)
