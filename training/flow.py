"""The way of a training run: pairs, snapshot, run directory, fine-tuning, registration, comparison, decision.

One run at a time, by an advisory lock that Postgres frees when this process ends in whatever way. Whatever happens
here, serving goes on with its champion: a run touches nothing but its own directory and rows until it has a whole and
measured model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from secrets import token_hex
from typing import Any

from sqlalchemy import Connection, Engine

from shared import adapters, checkpoints, policy
from shared.checkpoints import BaseModel
from shared.curation.firewall import Firewall
from shared.curation.intake import collect_reviews
from shared.curation.reviews import recalibrate
from shared.curation.snapshots import take_snapshot
from shared.errors import ConfigurationError, TrainingFailed
from shared.facts import Fact
from shared.policy import PolicyWatch
from shared.promotion import CHALLENGER, GateStandards, judge_challenger
from shared.repository import pairs as curated
from shared.repository import promotions, registry
from shared.repository import training as runs
from shared.repository.promotions import Decision
from shared.settings import Settings, training_place
from shared.training_request import CHAMPION, FRESH, TrainRequest
from training.comparison import compared
from training.gathering import Selection
from training.learning import HELD_OUT_ROWS, Lesson, Say, learn
from training.options import RECIPES, TrainOptions, read_recipe
from training.preference import Preference
from training.run_directory import RunDirectory, add_report
from training.selections import read_selections
from training.trainer import failures_explained

EXIT_FAILED = 1
LEARNT_TOO = {"pairs", "selections", "data_dir", "texts", "start", "repair"}
"""The members of a request that, beside the options, make two runs of one snapshot different."""
GATE, GATE_REPORT = "the gate", "gate.md"
RECIPE_OF = {"finetune": "default.toml", "domain": "domain.toml", "preference": "preference.toml"}


Compare = Callable[[RunDirectory, Path], dict[str, Any]]
"""From a finished run and its held-out rows to the report that the gate reads; see :func:`compared`."""


def train(
    request: TrainRequest, config: Settings, database: Engine | None, say: Say, compare: Compare = compared
) -> int:
    """Train as the request says. Returns the exit status: 1 when the run failed.

    Of several processes that train together (``torchrun``) the first does everything; the others only learn with it.

    Raises:
        ConfigurationError: when recipe, files or base model are not as they must be.
        TrainingFailed: when another run is under way, or an offline one ended without a result.
    """
    recipe = request.recipe or config.retrain_recipe or RECIPES / RECIPE_OF[request.stage]
    options = read_recipe(recipe, stage=request.stage, **request.changes)
    for file in request.pairs:
        if not file.is_file():
            raise ConfigurationError(f"--pairs {file}: there is no such file")
    selections = read_selections(request.selections, request.data_dir) if request.selections else ()
    base = checkpoints.resolve_base_model(config)
    course = Course(request, config, options, base, selections, say, compare)
    rank, processes = training_place()
    if processes > 1 and request.directory is None:
        raise ConfigurationError("several processes need one place to meet: name the run directory as `directory`")
    if rank > 0:
        return course.helped(database)
    if database is None:
        return course.offline()
    with runs.alone(database):
        with database.begin() as connection:
            for id_ in runs.close_interrupted(connection):
                say(f"run {id_} was interrupted: its process is gone")
        return course.recorded(database)


@dataclass(frozen=True)
class Course:
    """A run from its data to the decision about its model."""

    request: TrainRequest
    config: Settings
    options: TrainOptions
    base: BaseModel
    selections: Sequence[Selection]
    say: Say
    compare: Compare

    def offline(self) -> int:
        """Learn from files alone. Nothing is registered, compared or promoted."""
        run = RunDirectory(self.request.directory or self.config.training_dir / self._new_name())
        learn(self._lesson_of_files(), run, self._start(None), self.say)
        self.say(f"finished: {run.adapter}")
        return 0

    def helped(self, database: Engine | None) -> int:
        """Learn with the first of several processes, in its run directory, and leave everything else to it."""
        champion = None
        if database is not None:
            with database.connect() as connection:
                champion = registry.champion(connection)
        run = RunDirectory(self.request.directory or self.config.training_dir)
        learn(self._lesson_of_files(), run, self._start(champion), self.say)
        return 0

    def _lesson_of_files(self) -> Lesson:
        firewall = Firewall(policy.read_policy(self.config), date.today())
        return Lesson(self.request, self.options, self.base, firewall, selections=self.selections)

    def recorded(self, database: Engine) -> int:
        """A run that Postgres knows of, from its snapshot to the decision about its model."""
        watch = PolicyWatch(database, self.config.time_zone)
        with database.begin() as connection:
            collect_reviews(connection, Firewall(watch.current(), watch.today()))
            recalibrate(connection)
            new = curated.count_new(connection, runs.learnt_snapshot(connection))
            if new < self.request.least_new_pairs:
                self.say(f"nothing to do: {new} new curated pairs, and {self.request.least_new_pairs} begin a run")
                return 0
            snapshot = take_snapshot(connection)
            lesson = self._lesson(connection, snapshot.id, watch)
            champion = registry.champion(connection)
            run_id, run = self._begun(connection, snapshot.id)
        self.say(f"run {run_id} in {run.path}: {len(lesson.curated)} curated pairs, {new} of them new")
        try:
            learn(lesson, run, self._start(champion), self.say)
            if self.options.stage == "domain":
                return self._ended(database, run_id, run)
            return self._decided(database, run_id, run)
        except (TrainingFailed, ConfigurationError, OSError) as error:
            self._close(database, run_id, "failed", str(error))
            return EXIT_FAILED
        except KeyboardInterrupt:
            self._close(database, run_id, "interrupted", "it was stopped by hand; the same command goes on with it")
            raise

    def _lesson(self, connection: Connection, snapshot_id: int, watch: PolicyWatch) -> Lesson:
        stored = [each.pair for each in curated.pairs_of(connection, snapshot_id)]
        preferences: dict[str, list[Preference]] = {"train": [], "holdout": []}
        for row in curated.preference_pairs(connection):
            preferences[row["split"]].append(_preference(row, watch))
        firewall = Firewall(watch.current(), watch.today())
        return Lesson(self.request, self.options, self.base, firewall, stored, self.selections, *preferences.values())

    def _new_name(self) -> str:
        return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{self.options.stage}-{token_hex(2)}"

    def _start(self, champion: Mapping[str, Any] | None) -> Path | None:
        """The adapter that a run starts from; a champion that is none, or cannot be trained on, gives no start."""
        start = self.request.start
        if start not in (CHAMPION, FRESH):
            adapter = adapters.read_adapter(Path(start))
            adapters.check_fit(adapter, self.base)
            return adapter.path
        if start == FRESH or champion is None or champion["adapter"] is None:
            return None
        adapter = adapters.find_adapter(self.config, champion["adapter"], champion["adapter_digest"])
        if adapter.is_whole_model or self.options.method in ("adalora", "full"):
            self.say(f"method {self.options.method} does not go on from the champion {adapter.name}: starts anew")
            return None
        if not adapters.fits(adapter, self.base):
            self.say(f"the champion {adapter.name} is of another base: this run starts anew")
            return None
        return adapter.path

    def _begun(self, connection: Connection, snapshot_id: int) -> tuple[int, RunDirectory]:
        """A new run. It goes on in the directory of an interrupted one that learnt the same in the same way."""
        asked = self.request.model_dump(mode="json", include=LEARNT_TOO, exclude_defaults=True)
        options = self.options.model_dump(mode="json") | ({"request": asked} if asked else {})
        before = None
        if self.request.directory is None:
            before = runs.resumable_run(connection, snapshot_id, options, self.base.digest)
        if before:
            self.say(f"goes on where run {before['id']} was interrupted")
        name = before["directory"] if before else self._new_name()
        path = self.request.directory or self.config.training_dir / name
        stage, base = self.options.stage, self.base
        new = runs.NewRun(stage, options, base.name, base.digest, path.name, self.request.asked_by, snapshot_id)
        return runs.begin_run(connection, new), RunDirectory(path)

    def _close(self, database: Engine, run_id: int, status: runs.Ending, reason: str) -> None:
        """The end of a run without a model."""
        with database.begin() as connection:
            runs.end_run(connection, run_id, status, reason=reason)
        self.say(f"run {run_id} {'was ' * (status == 'interrupted')}{status}: {reason}")

    def _ended(self, database: Engine, run_id: int, run: RunDirectory) -> int:
        """The end of a domain stage: what comes of it has not learnt to answer yet, so it is no challenger."""
        with database.begin() as connection:
            runs.end_run(connection, run_id, "finished", metrics=adapters.read_adapter(run.adapter).manifest["metrics"])
        self.say(f"run {run_id} is finished; go on with `shelftalk train --start {run.adapter}`")
        return 0

    def _decided(self, database: Engine, run_id: int, run: RunDirectory) -> int:
        """Compare the new model with the champion, register it with its metrics, and let the gate decide."""
        with database.connect() as connection:
            champion_id = promotions.holder(connection, "champion")
        with failures_explained(run.path):
            report = self.compare(run, run.path / HELD_OUT_ROWS)
            add_report(run.adapter, report, CHALLENGER)
            adapter = adapters.install_adapter(self.config, run.adapter)
        standards = GateStandards.of(self.config)
        judgement = judge_challenger(report, standards)
        text = judgement.report(standards)
        (run.path / GATE_REPORT).write_text(f"{text}\n")
        decision = Decision(GATE, judgement.reason, self.config.gate_mode, judgement.numbers(), text)
        with database.begin() as connection:
            content = registry.ModelContent(
                self.base.name, self.base.digest, adapter.prompt_version, adapter.name, adapter.digest
            )
            model_id = registry.register_model(
                connection, content, training_run_id=run_id, metrics=dict(adapter.manifest["metrics"])
            )
            runs.end_run(connection, run_id, "finished", metrics=dict(adapter.manifest["metrics"]))
            is_another = promotions.lock_champion(connection) != champion_id
            outcome = self._outcome(connection, model_id, decision, passes=judgement.passes, is_another=is_another)
        self.say(f"run {run_id} made model {model_id}, {adapter.name}: {outcome}")
        self.say(text)
        return 0

    def _outcome(
        self, connection: Connection, model_id: int, decision: Decision, *, passes: bool, is_another: bool
    ) -> str:
        """Promote, hold or refuse, and say so. ``is_another``: the champion is not the one it was compared with."""
        if not passes:
            promotions.refuse(connection, model_id, decision)
            return "refused by the gate; the champion serves on"
        if is_another:
            reason = f"{decision.reason}, but another model became the champion while the two were compared"
            decision = replace(decision, reason=reason)
        if is_another or self.config.gate_mode == "manual":
            promotions.hold(connection, model_id, decision)
            return f"passed the gate; `shelftalk models promote {model_id}` makes it the champion"
        promotions.promote(connection, model_id, decision)
        return "passed the gate and is the champion; workers take it up within seconds"


def _preference(row: Mapping[str, Any], watch: PolicyWatch) -> Preference:
    known = watch.current().on(watch.today())
    profile = known.get(row["profile"]) or next(each for each in known.values() if each.default)
    facts = tuple(Fact(attribute, value) for attribute, value in row["facts"])
    return Preference(facts, profile, chosen=row["edited_text"], rejected=row["generated_text"])
