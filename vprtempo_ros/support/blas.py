"""How many threads NumPy's linear algebra uses."""

from __future__ import annotations


class BlasThreads:
    """Limits the process's BLAS to a number of threads until `restore` is called."""

    def __init__(self, threads: int) -> None:
        """Set the number of threads; it applies to the whole process, as torch's does."""
        from threadpoolctl import threadpool_limits

        self._limits = threadpool_limits(limits=threads, user_api='blas')

    def restore(self) -> None:
        """Return to the number of threads from before."""
        self._limits.restore_original_limits()
