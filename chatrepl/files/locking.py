"""A file held by one program at a time. The lock goes with the program, however it ends, so none is ever stale."""

import errno
import os
import sys

if sys.platform == "win32":
    import msvcrt

    _FAR = 1 << 40  # a byte that no file has: where a file is locked on Windows, nobody else may read it

    def hold(file: int) -> bool:
        """Take the open file; False if another program holds it."""
        os.lseek(file, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def hold(file: int) -> bool:
        """Take the open file; False if another program holds it. Where files cannot be locked, all may have them."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            return error.errno not in (errno.EAGAIN, errno.EACCES)
        return True
