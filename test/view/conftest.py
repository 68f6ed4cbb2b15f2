"""The browser of the tests of pages."""

from __future__ import annotations

from support.browser import browser

__all__ = ['browser']
