"""Colours of page and picture by name, in a light and a dark theme."""

from __future__ import annotations

# Colour classes from no to full confidence, with rising contrast to the ground.
CLASSES = 10

Theme = dict[str, str]
Stops = tuple[tuple[int, int, int], ...]


def _ramp(stops: Stops) -> Theme:
    """Return the colours c0 to c9, interpolated from the first to the last stop."""
    found = {}
    for number in range(CLASSES):
        place = number * (len(stops) - 1) / (CLASSES - 1)
        first = min(int(place), len(stops) - 2)
        colour = [
            round(low + (high - low) * (place - first))
            for low, high in zip(stops[first], stops[first + 1])
        ]
        found[f'c{number}'] = '#' + ''.join(f'{part:02x}' for part in colour)
    return found


LIGHT: Theme = {
    'ground': '#f4f6f9',
    'panel': '#ffffff',
    'line': '#dde3ea',
    'ink': '#1b2430',
    'muted': '#66758a',
    'match': '#e8590c',
    'pose': '#7048e8',
    'ok': '#2b8a3e',
    'warn': '#b35c00',
    'error': '#c92a2a',
    'stale': '#66758a',
    **_ramp(((196, 206, 218), (104, 158, 222), (20, 150, 150), (8, 94, 60))),
}
DARK: Theme = {
    'ground': '#0f141a',
    'panel': '#171e26',
    'line': '#2a343f',
    'ink': '#e6edf3',
    'muted': '#8b98a8',
    'match': '#ffa94d',
    'pose': '#b197fc',
    'ok': '#51cf66',
    'warn': '#ffc078',
    'error': '#ff8787',
    'stale': '#8b98a8',
    **_ramp(((66, 78, 92), (62, 118, 196), (38, 190, 180), (200, 245, 120))),
}
# Refers to the colours of the page by name.
PAGE: Theme = {name: f'var(--{name})' for name in LIGHT}


def css() -> str:
    """Return both themes as custom properties of a style sheet."""
    light, dark = (
        ''.join(f'--{name}:{colour};' for name, colour in theme.items()) for theme in (LIGHT, DARK)
    )
    return (
        f':root{{color-scheme:light dark;{light}}}\n'
        f'@media (prefers-color-scheme: dark){{:root{{{dark}}}}}\n'
    )


def class_of(confidence: float) -> int:
    """Return the colour class of a confidence of 0 to 1."""
    return min(int(confidence * CLASSES), CLASSES - 1)
