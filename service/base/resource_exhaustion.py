"""Tell transient faults of the machine from faults of a file and of this program."""

from __future__ import annotations

import errno

PASSING = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN, errno.ENOBUFS})
NO_THREAD = "can't start new thread"  # how Python says so, in a RuntimeError


def is_short(error: BaseException | None) -> bool:
    """Whether an exception or its cause says that file handles, memory or threads are used up.

    >>> is_short(OSError(errno.EMFILE, "Too many open files")), is_short(OSError(errno.ENOENT, "none")), is_short(MemoryError())
    (True, False, True)
    """
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in PASSING):
            return True
        if isinstance(error, RuntimeError) and NO_THREAD in str(error):
            return True
        if isinstance(error, BaseExceptionGroup) and any(map(is_short, error.exceptions)):
            return True
        error = error.__cause__ or error.__context__
    return False
