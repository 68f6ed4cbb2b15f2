"""A headless Chromium, and pages in it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import cv2
import numpy as np
import pytest

from vprtempo_ros.view.map_server import MapServer

BROWSER = next(
    (
        found
        for name in ('chromium', 'chromium-browser', 'google-chrome')
        if (found := shutil.which(name))
    ),
    None,
)
# How long anything may take that normally takes well under a second, in milliseconds.
SOON = 120_000


@pytest.fixture(scope='module')
def browser() -> Iterator[Any]:
    """Return a headless Chromium."""
    playwright = pytest.importorskip('playwright.sync_api', reason='needs playwright: make setup')
    if BROWSER is None:
        pytest.skip('needs a browser: apt install chromium')
    with playwright.sync_playwright() as driver:
        # Root, as which CI runs, cannot have Chromium's sandbox.
        root = ['--no-sandbox'] if os.geteuid() == 0 else []
        started = driver.chromium.launch(executable_path=BROWSER, args=root)
        yield started
        started.close()


class Page:
    """A page of the view, and the errors in it."""

    def __init__(self, browser: Any, url: str, **options: Any) -> None:
        from playwright.sync_api import expect

        self._expect = expect
        self.problems: list[str] = []
        self.asked: set[str] = set()
        self.page = browser.new_page(viewport={'width': 1280, 'height': 900}, **options)
        self.page.on('pageerror', lambda error: self.problems.append(str(error)))
        self.page.on('request', lambda request: self.asked.add(request.url))
        self.page.goto(url)

    def says(self, where: str, words: str) -> None:
        """Wait until an element has these words."""
        found = self.page.locator(where).first
        self._expect(found).to_contain_text(re.compile(words), timeout=SOON)

    def has(self, what: str) -> None:
        """Wait until there is such an element."""
        self._expect(self.page.locator(what).first).to_be_attached(timeout=SOON)

    def shows(self, what: str) -> None:
        """Wait until such an element is visible."""
        self._expect(self.page.locator(what).first).to_be_visible(timeout=SOON)

    def look(self) -> np.ndarray:
        """Return what it looks like, uint8 (height, width, 3)."""
        data = np.frombuffer(self.page.screenshot(), np.uint8)
        return cv2.imdecode(data, cv2.IMREAD_COLOR)


class _LargeMap:
    """A map of a long winding route, to be drawn only."""

    def __init__(self, places: int) -> None:
        along = np.arange(places) * 0.002
        self._points = np.c_[along * 40 + 300 * np.sin(along), 300 * np.cos(along * 1.3)].round(2)

    def description(self) -> dict[str, object]:
        """Return a map as the page reads it."""
        return {
            'path': 'large',
            'places': len(self._points),
            'points': self._points.tolist(),
            'frame': 'map',
            'segments': [len(self._points)],
            'tolerance': 2,
            'labels': {},
            'revision': 1,
            'edits': [],
            'created': '',
            'traverses': [],
            'editing': False,
            'forgets': False,
            'reason': '',
            'undo': False,
        }

    def outlook(self) -> dict[str, object]:
        """Return an outlook as the page reads it."""
        tested = list(range(0, len(self._points), 54))
        values = np.abs(np.sin(np.array(tested) * 0.01)).round(3).tolist()
        return {
            'state': 'ready',
            'tested': tested,
            'confidence': values,
            'single': values,
            'hyperactive': [],
            'compared': tested,
            'alike': tested,
            'ratio': values,
        }

    def thumbnail(self, place: int) -> bytes | None:
        """Return nothing."""
        return None

    def edit(self, request: dict[str, object]) -> dict[str, object]:
        """Edit nothing."""
        return {}


@contextmanager
def large_map_page(places: int) -> Iterator[str]:
    """Serve the page of a map with this number of places; yields its address."""
    server = MapServer(_LargeMap(places), '127.0.0.1', 0)
    try:
        yield server.url
    finally:
        server.close()
