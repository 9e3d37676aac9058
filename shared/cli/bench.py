"""``shelftalk bench``: how fast it is, on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shared.cli.bench_path import path
from shared.cli.bench_scale import scale
from shared.settings import ROOT

if TYPE_CHECKING:
    from pydantic import BaseModel

app = typer.Typer(name="bench", help="Measure the speed of Shelftalk and of others, on servers of its own.")

SAMPLES = ROOT / "samples" / "products.jsonl"


@app.callback(invoke_without_command=True)
def bench(
    context: typer.Context,
    products: Annotated[
        Path, typer.Option(help="Products as JSON Lines (.gz too).", show_default="the samples")
    ] = SAMPLES,
    model: Annotated[str, typer.Option(help="adapter, base, or the folder of a whole model.")] = "adapter",
    limit: Annotated[
        int | None, typer.Option(min=2, help="Describe so many; 400 on a CPU, 2,000 on a GPU without it.")
    ] = None,
    new_tokens: Annotated[int, typer.Option(min=2, help="New tokens of a text, at most; an even number.")] = 64,
    repeats: Annotated[int, typer.Option(min=1, help="Rounds; the median of them counts.")] = 3,
    naive_products: Annotated[int, typer.Option(min=1, help="Slow contestants describe so many.")] = 24,
    equality_products: Annotated[int, typer.Option(min=0, help="Compare so many texts with plain generate().")] = 100,
    only: Annotated[list[str] | None, typer.Option(help="This contestant; may be repeated.")] = None,
    llama_server: Annotated[Path | None, typer.Option(help="The server of llama.cpp, if not on the PATH.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write all figures as JSON.")] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write the table as Markdown.")] = None,
    docs: Annotated[Path | None, typer.Option(help="Put it between the marks of this document.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw it, as .png or .svg.")] = None,
) -> None:
    """Compare it with what else one could write, with other engines, and with what the hardware allows."""
    if context.invoked_subcommand is not None:
        return
    from shared.benchmarks.peers import PeersOptions
    from shared.errors import ConfigurationError

    if new_tokens % 2:
        raise ConfigurationError(f"--new-tokens {new_tokens}: must be even, as a word counts as two tokens")
    options = PeersOptions(
        products=products,
        model=model,
        limit=limit,
        new_tokens=new_tokens,
        repeats=repeats,
        naive_products=naive_products,
        equality_products=equality_products,
        only=tuple(only or ()),
        llama_server=llama_server,
        json_file=json_file,
        markdown=markdown,
        docs=docs,
        plot=plot,
    )
    measure("peers", options)


app.command()(path)
app.command()(scale)


def measure(name: str, options: BaseModel) -> None:
    """Become the process that measures, which nothing in this package may import."""
    import os

    from shared.stack.programs import python_module

    command = python_module("worker.benchmark", name, options.model_dump_json())
    os.execv(command[0], command)  # noqa: S606 - no shell is wanted
