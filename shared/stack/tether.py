"""Becomes another program, which the kernel signals when the process that started it dies.

    python tether.py OWNER SIGNAL USER PROGRAM [ARGUMENT ...]

A function between fork and exec (``preexec_fn``) is not safe in a process with threads; this small program, run in
between, is. Its process id stays that of PROGRAM. It gives up root *before* it asks for the signal, because the kernel
forgets the wish when a process changes its user (prctl(2), PR_SET_PDEATHSIG).

Only Linux has this. Elsewhere the program outlives an owner that was killed, until the next start in the same folder.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import signal
import sys
from collections.abc import Sequence

PR_SET_PDEATHSIG = 1


def tethered(argv: Sequence[str], on_death: signal.Signals, user: str = "") -> list[str]:
    """The command that runs ``argv`` so that it gets the signal ``on_death`` when this process is gone.

    The kernel counts the *thread* that starts it as its owner: start it from one that lives as long as it should.

    Args:
        user: The name of the user it runs as; only root can name one. Default: the user of this process.
    """
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), str(int(on_death)), user, *argv]


def _become(user: str) -> None:
    account = pwd.getpwnam(user)
    os.setgroups([])
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)


def _die_with(owner: int, on_death: int) -> None:
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(PR_SET_PDEATHSIG, on_death, 0, 0, 0) != 0:
            sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
    if os.getppid() != owner:  # it died before we could ask
        sys.exit(f"process {owner}, which started this one, is gone")


def main(owner: str, on_death: str, user: str, *argv: str) -> None:
    """Turn this process into the program ``argv``."""
    if user:
        _become(user)
    _die_with(int(owner), int(on_death))
    for ignored in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores these, and a program inherits that
        signal.signal(ignored, signal.SIG_DFL)
    try:
        os.execvp(argv[0], argv)  # noqa: S606
    except OSError as error:
        sys.exit(f"cannot start {argv[0]}: {error.strerror}")


if __name__ == "__main__":
    main(*sys.argv[1:])
