"""``shelftalk bench``: Shelftalk beside what else one could write, on the same machine, model and products.

Every contestant answers once in each round, A B C A B C and so on, so that a machine that grows slower is slower for
all; what counts is the median over the rounds.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from rich.console import Console

from shared.benchmarks.peers import PeersOptions
from shared.cli.terminal import console
from shared.errors import ConfigurationError
from shared.policy import read_policy
from shared.settings import Settings, child_environment
from shared.stack.ownership import failure
from shared.stack.programs import python_module
from shared.stack.tether import tethered
from worker.benchmark import plot, table
from worker.benchmark.contestant import read_questions
from worker.benchmark.entries import Entry, chosen
from worker.benchmark.questions import PROFILE, QUESTIONS, SETUP
from worker.benchmark.report import report
from worker.pipeline import TOKENS_PER_WORD

Runs = dict[str, list[dict[str, Any]]]


def run(options: PeersOptions, config: Settings) -> int:
    """Measure all contestants, print the table and write the files that are asked for.

    Returns:
        the exit status: 1 when a contestant failed; one that cannot take part here is no failure.
    """
    _check(options)
    out = console(stderr=True)
    folder = Path(tempfile.mkdtemp(prefix="shelftalk-peers-"))
    try:
        children = _Children(folder, _environment(options, config, folder))
        children.run("questions", options.model_dump_json())
        setup = json.loads((folder / SETUP).read_text())
        entries = chosen(options.only, on_gpu=setup["machine"]["gpu"] is not None)
        runs = _rounds(entries, options, children, out)
        roofline = children.result("roofline")
        equality = _equality(options, children, out)
        found = report(options, setup, read_questions(folder / QUESTIONS), runs, roofline, equality)
    finally:
        shutil.rmtree(folder)
    table.show(found, console())
    _write(found, options)
    is_compared = equality is not None or not options.equality_products
    return int(not is_compared or any("failed" in each for each in found["contestants"]))


def _equality(options: PeersOptions, children: _Children, out: Console) -> dict[str, Any] | None:
    """How many texts are those of plain ``generate()``. None if nobody asked or it failed: the speeds still count."""
    if not options.equality_products:
        return None
    try:
        found: dict[str, Any] = children.result("equality", str(options.equality_products))
    except ConfigurationError as error:
        out.print(f"the comparison of texts failed, the rest stands: {error}", markup=False, highlight=False)
        return None
    return found


def _check(options: PeersOptions) -> None:
    """What would be found wrong only after an hour of measuring."""
    chosen(options.only, on_gpu=False)
    if options.docs:
        table.around(options.docs)
    if options.plot and find_spec("matplotlib") is None:
        raise ConfigurationError("--plot: matplotlib is not installed: `pip install -e '.[training]'`, or leave it out")


class _Children:
    """The processes of the benchmark, one at a time; each has its settings from the environment."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self._environment = environment

    def run(self, module: str, *arguments: str) -> None:
        """Run a module of this package on the benchmark's folder.

        Raises:
            ConfigurationError: with the end of what it said, when it fails.
        """
        log = self.folder / f"{module}.log"
        command = python_module(f"worker.benchmark.{module}", str(self.folder), *arguments)
        with log.open("wb") as file:
            child = subprocess.Popen(
                tethered(command, on_death=signal.SIGINT),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                env=self._environment,
                start_new_session=True,
            )
            if code := _ended(child):
                raise failure(f"{module} ended with code {code}", log)

    def result(self, module: str, *arguments: str) -> dict[str, Any]:
        """What a module writes as JSON into the file that its last argument names, when it has done its work.

        What is written counts: now and then a process with torch aborts while it ends, after all is done.
        """
        path = self.folder / "result.json"
        path.unlink(missing_ok=True)
        try:
            self.run(module, *arguments, str(path))
        except ConfigurationError:
            if not path.exists():
                raise
        found: dict[str, Any] = json.loads(path.read_text())
        return found


def _ended(child: subprocess.Popen[bytes]) -> int:
    """Wait for a child's end, and return its code. It is in a session of its own: a Ctrl-C reaches it from here, once,
    so that it stops its servers and removes their folder."""
    try:
        return child.wait()
    except KeyboardInterrupt:
        child.send_signal(signal.SIGINT)
        child.wait()
        raise


def _rounds(entries: Mapping[str, Entry], options: PeersOptions, children: _Children, out: Console) -> Runs:
    """Each contestant's runs, in rounds. One that cannot take part, or fails, is not asked again."""
    runs: Runs = {name: [] for name in entries}
    for number in range(1, options.repeats + 1):
        for name, entry in entries.items():
            if runs[name] and "seconds" not in runs[name][-1]:
                continue
            try:
                found = children.result("contest", name, str(options.naive_products))
            except ConfigurationError as error:
                found = {"failed": str(error)}
            runs[name].append(found)
            out.print(f"{number}/{options.repeats} {entry.label}: {_told(found)}", markup=False, soft_wrap=True)
    return runs


def _told(found: Mapping[str, Any]) -> str:
    if "seconds" not in found:
        return "; ".join(f"{what}: {reason.splitlines()[-1]}" for what, reason in found.items())
    rate = found["products"] / found["seconds"]
    return f"{rate:.2f} descriptions/s ({found['products']} in {found['seconds']:.1f} s)"


def _environment(options: PeersOptions, config: Settings, folder: Path) -> dict[str, str]:
    """Settings under which Shelftalk does what the others do: one greedy text of at most so many tokens per product."""
    names = {"TEMPERATURE": "0", "CANDIDATES": "1", "SECOND_TRY": "false"}
    names["PROFILES_DIR"] = str(_profiles(config, folder / "profiles", options.new_tokens // TOKENS_PER_WORD))
    names["FIRST_CHAMPION"] = "adapter" if options.model == "adapter" else "base"
    if options.model not in ("adapter", "base"):
        names["BASE_MODEL"] = str(Path(options.model).absolute())
    return child_environment(**{f"SHELFTALK_{name}": value for name, value in names.items()})


def _profiles(config: Settings, folder: Path, max_words: int) -> Path:
    """The profiles of this installation, and one more: the default one with the length of the benchmark."""
    shutil.copytree(config.profiles_dir, folder)
    default = next(profile for profile in read_policy(config).profiles.values() if profile.default)
    lines = [f'extends = "{default.name}"', f"max_words = {max_words}"]
    lines.append(f"min_words = {min(default.min_words, max_words)}")
    (folder / f"{PROFILE}.toml").write_text("\n".join(lines) + "\n")
    return folder


def _write(found: Mapping[str, Any], options: PeersOptions) -> None:
    """The files that are asked for."""
    if options.json_file:
        options.json_file.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    if options.plot:
        plot.draw(found, options.plot)
    written = table.markdown(found)
    if options.markdown:
        options.markdown.write_text(written)
    if options.docs:
        table.replace(options.docs, written)
