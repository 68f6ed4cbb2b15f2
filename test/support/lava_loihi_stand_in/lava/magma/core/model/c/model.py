"""Names that Loihi2HwCfg asks for; see README.md of this stand-in."""

from __future__ import annotations


class AbstractCProcessModel:
    """Models in C: there are none here."""


class CLoihiProcessModel(AbstractCProcessModel):
    """Models for the processors on the chip: there are none here."""
