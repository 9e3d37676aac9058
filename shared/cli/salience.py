"""``shelftalk salience``: which attributes matter to a shopper, learned from copy that people wrote."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

app = typer.Typer(
    name="salience", help="Which attributes matter to a shopper, learned from human copy.", no_args_is_help=True
)

MEMBERS = ("title", "attributes", "description")


@app.command()
def learn(
    files: Annotated[list[Path], typer.Argument(help="Rows with title, attributes and description (.jsonl, .gz).")],
    out: Annotated[Path, typer.Option(help="The file to write.")],
    source: Annotated[
        list[str] | None, typer.Option(help="Learn only from rows of this source; may be given several times.")
    ] = None,
    locale: Annotated[str, typer.Option(help="The language of the texts.")] = "en",
) -> None:
    """Learn from human texts which attributes they state, category by category."""
    from shared.cli.terminal import console
    from shared.content.salience import learn as learned
    from shared.content.salience import save_salience

    salience = learned(_rows(files, source or ()), locale)
    save_salience(salience, out)
    console(stderr=True).print(
        f"learned from {sum(salience.sources.values()):,} texts: {len(salience.overall)} attributes, "
        f"{len(salience.categories)} categories, version {salience.digest}"
    )


@app.command()
def show(
    category: Annotated[str, typer.Argument(help='A category, such as "laptop" or "Kitchen > Kettles".')],
    file: Annotated[Path | None, typer.Option(help="What was learned. Default: the file of the project.")] = None,
) -> None:
    """Show how salient the attributes of a category are, and which are asked for when a product lacks them."""
    from rich.table import Table

    from shared.cli.terminal import console, plain
    from shared.content.salience import FILE, load_salience

    salience = load_salience(file or FILE)
    path = category.split(" > ")
    asked = salience.asked(path)
    counts = salience.counts(path)
    table = Table("attribute", "salience", "texts that have it", "state it", "asked for")
    names = dict.fromkeys([*counts, *asked])
    for name in sorted(names, key=lambda name: -salience.of(name, path)):
        count = counts.get(name)
        numbers = (f"{count.texts:,}", f"{count.stated / count.texts:.0%}") if count else ("", "")
        table.add_row(plain(name), f"{salience.of(name, path):.2f}", *numbers, "yes" if name in asked else "")
    out = console()
    out.print(table)
    if not counts:
        out.print(f"Nothing was learned of {plain(category)}: each attribute has the weight of its name.")


def _rows(files: Sequence[Path], sources: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The rows of files in order, of the named sources only where there are any.

    Raises:
        ConfigurationError: with the file, the line and the field that is wrong.
    """
    import gzip
    import json
    import zlib

    from shared.errors import ConfigurationError

    for file in files:
        number = 0
        try:
            with (gzip.open if file.suffix == ".gz" else open)(file, "rt", encoding="utf-8") as lines:
                for number, line in enumerate(lines, start=1):
                    row = json.loads(line)
                    if lacking := [name for name in MEMBERS if not isinstance(row, dict) or not row.get(name)]:
                        raise ConfigurationError(f"{file}: line {number}: {lacking[0]}: is missing; add it")
                    if not sources or row.get("source") in sources:
                        yield row
        except OSError as error:
            reason = error.strerror or "not gzip"
            raise ConfigurationError(f"{file}: cannot be read: {reason}; name a JSON Lines file") from None
        except (ValueError, EOFError, zlib.error) as error:
            raise ConfigurationError(f"{file}: line {number + 1}: not JSON Lines: {error}; mend the line") from None
