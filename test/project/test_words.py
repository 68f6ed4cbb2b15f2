"""Words that the project no longer uses; CONTRIBUTING.md has the rule."""

from __future__ import annotations

import re
import subprocess

import pytest
from support import ROOT

# A retired word, and the field's term for it.
RETIRED = {
    r'tells?|told|telling': 'say, report, inform, return whether, distinguish',
    r'elsewhere': 'off the map, out of map, another place',
    r'whatever|whoever|whichever way': 'any, every, regardless of',
    r'anew': 'again, re-',
    r'owe[sd]?|owing': 'pending',
    r'errands?': 'task',
    r'heed\w*': 'check, handle',
    r'usual': 'statistics, mean and standard deviation; common',
    r'spoilt': 'occluded, outlier',
    r'clutter\w*': 'distractors',
    r'tilted': 'rotated (in plane)',
    r'settle[sd]?|settling': 'ridge regression, solved; wait until',
    r'verdicts?': 'result',
    r'surroundings': 'context',
    r'concerns?': 'component (of the diagnostics)',
    r'cures?|cured': 'remedy, fix, solution',
    r'judg\w+': 'evaluate, check, validate',
    r'strangers?': 'unknown arguments',
    r'somebody|nobody|anybody': 'a subscriber, a user, nothing',
    r'so many|as far as|what becomes of|not any more|in the end|by hand of': 'N, up to',
    r'look-?alikes?': 'perceptual aliasing, similar places',
    r'the way (here|between|travelled|driven|so far)|last way|way \(m\)': 'distance travelled',
    r'beside': 'next to, compared with, besides',
    r'lies|lie in': 'is',
}
_PATTERN = re.compile(rf'(?<![\w-])(?:{"|".join(RETIRED)})(?![\w-])', re.IGNORECASE)

# Files that name the retired words.
ALLOWED = (
    'test/project/test_words.py',
    'CONTRIBUTING.md',
    'CHANGELOG.md',
    'vprtempo_ros/renamed.py',
    'test/project/test_config.py',
    'test/corpus/maps/',
)
FOLDERS = (
    'vprtempo_ros',
    'docs',
    'benchmarks',
    'env',
    'launch',
    'config',
    'rviz',
    'test',
    'README.md',
)


def tracked(folder: str) -> list[str]:
    """Return the text files of a folder that belong to the project."""
    done = subprocess.run(
        ['git', 'ls-files', '-co', '--exclude-standard', '--', folder],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    kinds = ('.py', '.md', '.yaml', '.yml', '.html', '.js', '.css', '.jinja', '.xml', '.toml')
    return [name for name in done.stdout.split('\n') if name.endswith(kinds)]


@pytest.mark.parametrize('folder', FOLDERS)
def test_no_retired_words(folder: str) -> None:
    """Code, comments, messages and pages use the terms of robotics, ROS and machine learning."""
    found = []
    for name in tracked(folder):
        if name.startswith(ALLOWED) or not (ROOT / name).is_file():
            continue
        for number, line in enumerate((ROOT / name).read_text(encoding='utf-8').split('\n'), 1):
            found += [f'{name}:{number}: {match[0]}' for match in _PATTERN.finditer(line)]
    assert not found, f'{len(found)} retired words, such as\n' + '\n'.join(found[:20])
