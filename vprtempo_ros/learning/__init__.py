"""Extending a map by what is seen while it is in use."""
