"""A lock between processes that the operating system releases when its holder dies."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _try_lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def locked(path: Path, *, wait: bool = False) -> Iterator[int]:
    """Hold a lock as long as the context lasts.

    The lock is on an open file, not its existence: the file that a killed process leaves behind locks
    nothing and is taken over by the next one. Two threads of one process exclude each other too.

    Args:
        path: of the lock's own file, which is removed at the end; its folder must exist.
        wait: whether to wait for another holder.

    Yields:
        The descriptor of the open file. Where the system is POSIX, a child process that inherits it holds the
        lock as well, beyond the end of this process.

    Raises:
        BlockingIOError: another process or thread holds the lock, and `wait` is off.
        OSError: the file cannot be made.
    """
    descriptor = _acquire(path, wait)
    try:
        yield descriptor
    finally:
        with contextlib.suppress(OSError):  # Windows removes no file that is open
            path.unlink()
        os.close(descriptor)
        if sys.platform == "win32":
            with contextlib.suppress(OSError):
                path.unlink()


def is_locked(path: Path) -> bool:
    """Return whether a process or thread holds a lock; whoever asks holds a free one for a moment."""
    if not path.exists():
        return False
    try:
        with locked(path):
            return False
    except BlockingIOError:
        return True


def _acquire(path: Path, wait: bool) -> int:
    """An open and locked file that still has its name."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _try_lock(descriptor)
            # its last holder may have removed the name between the two steps
            if os.path.samestat(os.fstat(descriptor), os.stat(path)):
                return descriptor
        except FileNotFoundError:
            pass
        except (BlockingIOError, PermissionError) as error:  # PermissionError: Windows
            if not wait:
                os.close(descriptor)
                raise BlockingIOError(error.errno, "held by another process", str(path)) from None
            time.sleep(0.05)
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
