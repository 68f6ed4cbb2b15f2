"""Figures drawn with matplotlib, and their PNG files."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from ..errors import VprError

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def new_figure(width: float, height: float, dpi: int) -> Figure:
    """
    Return an empty figure, its size in inches.

    :raises VprError: if matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise VprError(
            'pictures need matplotlib: pip install matplotlib (apt: python3-matplotlib)'
        ) from None
    return Figure(figsize=(width, height), dpi=dpi, layout='constrained')


def png(figure: Figure) -> bytes:
    """Return a figure of `new_figure` as a PNG file."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    stream = io.BytesIO()
    # The same picture as that of savefig, which first draws it once more for the layout.
    FigureCanvasAgg(figure).print_png(stream)
    return stream.getvalue()
