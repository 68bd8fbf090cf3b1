"""Tell transient faults of the machine from faults of a file and of this program."""

from __future__ import annotations

import errno

EXHAUSTION_ERRNOS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN, errno.ENOBUFS})
NO_THREAD = "can't start new thread"  # how Python says so, in a RuntimeError


def is_exhaustion(error: BaseException | None) -> bool:
    """Whether an exception or its cause says that file handles, memory or threads are used up.

    >>> is_exhaustion(OSError(errno.EMFILE, "Too many open files")), is_exhaustion(OSError(errno.ENOENT, "none")), is_exhaustion(MemoryError())
    (True, False, True)
    """
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in EXHAUSTION_ERRNOS):
            return True
        if isinstance(error, RuntimeError) and NO_THREAD in str(error):
            return True
        if isinstance(error, BaseExceptionGroup) and any(map(is_exhaustion, error.exceptions)):
            return True
        error = error.__cause__ or error.__context__
    return False
