"""``shelftalk profiles``: the kinds of copy that are written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from datetime import date

    from shared.profiles import Profile

app = typer.Typer(name="profiles", help="The copy profiles: what kinds of copy are written.", no_args_is_help=True)


@app.command("list")
def list_profiles() -> None:
    """Show all profiles, with the state of their campaigns and their versions today."""
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from rich.table import Table

    from shared.cli.terminal import console
    from shared.profiles import load_profiles
    from shared.settings import settings

    today = datetime.now(ZoneInfo(settings().time_zone)).date()
    table = Table("profile", "channel", "locale", "written", "campaign", "version", box=None, padding=(0, 2, 0, 0))
    for profile in load_profiles(settings().profiles_dir).values():
        table.add_row(*_row(profile, today))
    console().print(table)


def _row(profile: Profile, today: date) -> list[str]:
    from shared.cli.terminal import plain

    written = "by default" if profile.default else "on request"
    row = (profile.name, profile.channel, profile.locale, written, _campaign(profile, today), profile.on(today).version)
    return [plain(cell) for cell in row]


def _campaign(profile: Profile, today: date) -> str:
    campaign = profile.campaign
    if campaign is None:
        return "none"
    if today < campaign.starts:
        return f"{campaign.name}: begins on {campaign.starts}"
    if campaign.runs_on(today):
        return f"{campaign.name}: runs until {campaign.ends}"
    return f"{campaign.name}: over since {campaign.ends}"


@app.command()
def check(
    folder: Annotated[Path | None, typer.Argument(help="A folder of profiles. Default: the configured one.")] = None,
) -> None:
    """Check every profile of a folder and print each fault with its file, line and field; exits 1 if there is one."""
    from shared.errors import ConfigurationError
    from shared.profiles import load_profiles
    from shared.settings import settings

    checked = folder or settings().profiles_dir
    try:
        found = load_profiles(checked)
    except ConfigurationError as error:
        typer.echo(error, err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{checked}: all valid: {', '.join(found)}")
