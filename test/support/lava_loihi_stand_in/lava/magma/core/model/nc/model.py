"""Names that Loihi2HwCfg asks for; see README.md of this stand-in."""

from __future__ import annotations


class AbstractNcProcessModel:
    """Models for the cores of the chip: there are none here, so those in Python are chosen."""
