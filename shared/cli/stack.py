"""``shelftalk up``, ``down`` and ``env``: the whole of Shelftalk on this machine."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self

import typer

from shared.errors import ConfigurationError
from shared.settings import settings

if TYPE_CHECKING:
    from shared.stack.state import Stack

Detach = Annotated[bool, typer.Option("--detach", "-d", help="Leave it running in the background, and return.")]


def up(detach: Detach = False) -> None:
    """Start Postgres, Redis, ingest, worker, trainer, beat and Flower on this machine, and print their addresses.

    Servers whose address is given by DATABASE_URL or REDIS_URL are used instead of own ones. Ctrl-C stops it.
    """
    from shared.stack.remote import must_not_run

    home = settings().home
    must_not_run(home)
    if detach:
        _start(home)
    elif not _run(home):
        raise typer.Exit(1)


def down() -> None:
    """Stop what `shelftalk up` has started. Work that runs is finished first."""
    from shared.stack.remote import stop_stack

    home = settings().home
    with _Progress("stopping"):
        names = stop_stack(home)
    if names is None:
        print(f"No stack runs in {home}.")
    else:
        print(f"Stopped {', '.join(names) or 'a stack that was starting'}.")


def env() -> None:
    """Print the addresses of the running stack for a shell: eval "$(shelftalk env)"."""
    from shared.stack.state import load_stack

    stack = load_stack(settings().home)
    if stack is None:
        raise ConfigurationError(f"no stack runs in {settings().home}: start it with `shelftalk up`")
    print(f"export DATABASE_URL={shlex.quote(stack.database_url)} REDIS_URL={shlex.quote(stack.redis_url)}")


def _start(home: Path) -> None:
    """Leave a stack running in the background."""
    from shared.stack.remote import start_stack

    with _Progress("starting") as progress:
        stack = start_stack(home, progress.say)
    print_addresses(stack, home)
    print("It runs in the background; `shelftalk down` stops it.")


def _run(home: Path) -> bool:
    """Run the stack in this process. Whether it was ever ready."""
    from shared.stack.plan import shelftalk_plan
    from shared.stack.supervisor import Supervisor

    plan = shelftalk_plan(home, settings().heartbeat_s)
    with _Progress("starting") as progress:

        def when_ready(stack: Stack) -> None:
            progress.finish()
            print_addresses(stack, home)
            print("Ctrl-C stops it.", flush=True)

        return Supervisor(home, plan, progress.say).run(when_ready)


def print_addresses(stack: Stack, home: Path) -> None:
    """Print where the servers, Flower and the logs of a running stack are."""
    print(
        f"\nPostgres  {stack.database_url}\n"
        f"Redis     {stack.redis_url}\n"
        f"Flower    {stack.flower.url}  (user {stack.flower.user}, password {stack.flower.password})\n"
        f"Logs      {home / 'logs'}\n",
        flush=True,
    )


class _Progress:
    """Lines that say what goes on: under a spinner on a terminal, plain elsewhere."""

    def __init__(self, doing: str) -> None:
        from rich.console import Console

        self._console = Console(highlight=False, markup=False, soft_wrap=True)
        self._spinner = self._console.status(f"{doing} …")

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._spinner.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.finish()

    def say(self, line: str) -> None:
        """Print a line, at once."""
        self._console.print(line)
        self._console.file.flush()

    def finish(self) -> None:
        """Take the spinner away."""
        self._spinner.stop()
