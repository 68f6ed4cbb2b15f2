"""Lava processes of ours, alone in a folder: Lava looks through every file in it."""
