"""Lava processes of ours, alone in a folder: Lava executes every file in it."""
