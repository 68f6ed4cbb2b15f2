"""Processes that lava-nc has not got, alone in a folder: Lava executes every file beside them."""
