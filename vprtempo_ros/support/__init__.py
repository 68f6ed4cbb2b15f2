"""Plumbing that the rest of the package uses: threads, compiled loops, paths, progress."""
