"""`pretrain` and `evaluate`: train a biLM on plain text, measure it on held-out text."""

from __future__ import annotations

import contextlib
import logging
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from elmo_core.commands.embedding import State
from elmo_core.commands.models import Model
from elmo_core.commands.outputs import Overwrite, claim, model_paths, output_path
from elmo_core.commands.terminal import (
    AsJson,
    Encoding,
    Language,
    Tokenised,
    command,
    progress_bar,
    say_remarks,
    show,
    stopped_between_steps,
)

if TYPE_CHECKING:
    from elmo_core.pretraining.local_averaging import Worker
    from elmo_core.pretraining.trainer import Trainer


@command
def evaluate(
    model: Model,
    text: Annotated[
        Path,
        typer.Argument(help="Running text, one tokenised sentence a line, or CoNLL-U; - is standard input."),
    ],
    tokenised: Tokenised = False,
    state: Annotated[
        State, typer.Option(help="carry: over sentence ends, as reported in papers.")
    ] = State.carry,
    language: Language = "en",
    encoding: Encoding = None,
    rows: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Parts of the text that are read side by side, each from a state of zeros; default: one for "
            "every 512 predictions, at most 64.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure forward, backward and mean perplexity of a text by the full softmax."""
    from elmo_core.exceptions import ModelError
    from elmo_core.pretraining.corpus import CorpusReport, read_sentences
    from elmo_core.pretraining.evaluation import text_perplexity
    from elmo_core.text.tokenisation import check_language
    from elmo_core.weights.registry import load_model

    stored = load_model(model)
    stored.model.require_softmax()
    if stored.vocabulary is None:
        raise ModelError(
            f"{stored.name} has no vocabulary, so its predictions have no names; add its vocab.txt."
        )
    report_of_text = CorpusReport()
    found = read_sentences(
        text, report_of_text, tokenised=tokenised, language=check_language(language), encoding=encoding
    )
    sentences = [tokens for tokens in found if tokens]
    say_remarks(report_of_text.warnings())
    with progress_bar("Evaluating") as report:
        perplexity = text_perplexity(
            stored.model, stored.vocabulary, sentences, state=state.value, rows=rows, progress=report
        )
    if not math.isfinite(perplexity.mean):
        raise ModelError(
            f"{stored.name} has a loss of {perplexity.loss:,.4g} on this text, too large for a perplexity; "
            "its training went wrong (a lower learning_rate helps)."
        )
    if perplexity.warning:
        typer.echo(f"Warning: {perplexity.warning}", err=True)
    show(
        {
            "forward_perplexity": perplexity.forward,
            "backward_perplexity": perplexity.backward,
            "mean_perplexity": perplexity.mean,
            "predictions": perplexity.n_predictions,
            "unknown_percent": 100 * perplexity.unknown_share,
            "vocabulary": len(stored.vocabulary),
            "state": perplexity.state,
            "rows": perplexity.rows,
            "read": perplexity.carried,
        },
        as_json,
    )


@command
def pretrain(
    config: Annotated[Path, typer.Argument(help="Settings as JSON; {} takes all defaults.")],
    train: Annotated[list[str], typer.Option(help="Pattern of the training shards; may be repeated.")],
    valid: Annotated[list[str], typer.Option(help="Pattern of the held-out shards; may be repeated.")],
    output: Annotated[str, typer.Option(help="Folder of the run: checkpoints, history.csv, model/.")],
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the newest checkpoint.")] = False,
    tokenised: Tokenised = False,
    vocabulary: Annotated[
        Path | None, typer.Option(help="Words to predict; default: those of the corpus.")
    ] = None,
    initial: Annotated[
        str | None, typer.Option("--from", help="A model to fine-tune: name, folder or .zip.")
    ] = None,
    finish: Annotated[
        Path | None,
        typer.Option(
            help="Folder of a run with these settings and texts: OUTPUT becomes a copy of it whose rate "
            "falls to 0 over a last tenth; the run itself can go on."
        ),
    ] = None,
    worker: Annotated[
        str | None,
        typer.Option(
            metavar="K/N",
            help="This run is the K-th of N that average their weights at each checkpoint; none waits for "
            "another. Give all the same settings and texts; each reads the texts in an order of its own.",
        ),
    ] = None,
    shared: Annotated[
        str | None, typer.Option(help="Folder through which workers exchange their weights.")
    ] = None,
    snapshots: Annotated[
        bool,
        typer.Option(
            "--snapshots", help="Keep models on the way in OUTPUT/snapshots, each after a quarter more steps."
        ),
    ] = False,
    cache: Annotated[
        Path | None, typer.Option(help="Folder of tokenised corpora; default OUTPUT/cache.")
    ] = None,
    language: Language = "en",
    encoding: Encoding = None,
    as_json: AsJson = False,
) -> None:
    """Train a biLM. Stop it whenever you like: with --resume it goes on bitwise where it was.

    The first Ctrl-C or SIGTERM ends it after the step that it makes, with a checkpoint; a second one at once.

    In lockstep on N processes: torchrun --nproc-per-node N -m elmo_core pretrain ...; else see --worker.
    """
    from elmo_core.pretraining.cache import open_corpus
    from elmo_core.pretraining.corpus import find_shards
    from elmo_core.pretraining.finishing import copy_to_finish, with_schedule_of
    from elmo_core.pretraining.replicas import Replicas
    from elmo_core.pretraining.run_folder import RUN_FOLDER, require_begun_run
    from elmo_core.pretraining.settings import PretrainConfig
    from elmo_core.pretraining.trainer import Trainer
    from elmo_core.text.opening import read_text
    from elmo_core.text.vocabulary import Vocabulary
    from elmo_core.weights.folder import MODEL_FOLDER
    from elmo_core.weights.registry import load_model

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    settings = PretrainConfig.from_json(read_text(config).text)
    run = output_path(output)
    root = cache or run / "cache"
    replicas, this_worker = Replicas(), _worker(worker, shared, run, finish)
    if replicas.is_first:
        texts = [*find_shards(train), *find_shards(valid)]
        claim(run, RUN_FOLDER, [config, vocabulary, finish, *texts, *model_paths(initial)])
        claim(run / "model", MODEL_FOLDER, model_paths(initial))
        if this_worker is not None:
            _claim_worker(this_worker)
        if resume:
            require_begun_run(run)
        elif finish:
            copy_to_finish(finish, run)
    with progress_bar("Tokenising") as report, replicas.first_alone():
        corpus = open_corpus(
            train,
            root,
            tokenised=tokenised,
            language=language,
            tagged=settings.tagged,
            encoding=encoding,
            progress=report,
        )
        held_out = open_corpus(
            valid,
            root,
            tokenised=tokenised,
            language=language,
            tagged=settings.tagged,
            encoding=encoding,
        )
    trainer = Trainer(
        with_schedule_of(run, settings) if finish else settings,
        corpus,
        [held_out.words(index) for index in range(held_out.n_sentences)],
        run,
        vocabulary=Vocabulary.read(vocabulary) if vocabulary else None,
        initial=load_model(initial) if initial else None,
        replicas=replicas,
        worker=this_worker,
        resume=resume or finish is not None,
    )
    if replicas.is_first:
        _show_estimate(trainer)
    _train(trainer, keeps_models=snapshots and replicas.is_first, is_alone=replicas.size == 1)
    if not replicas.is_first:
        return
    trainer.write_model(run / "model")
    show(
        {
            "model": str(run / "model"),
            "steps": trainer.step,
            **({} if this_worker is None else {"words_of_all_workers": trainer.words_seen}),
            "best_mean_perplexity": trainer.best,
            "unknown_percent": None if trainer.unknown_share is None else 100 * trainer.unknown_share,
        },
        as_json,
    )


@command
def snapshot(
    run: Annotated[Path, typer.Argument(help="Folder of a run (pretrain --output).")],
    folder: Annotated[str, typer.Argument(help="Receives the model.")],
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Write the newest checkpoint of a run as a model, while the run goes on."""
    from elmo_core.pretraining.snapshot import read_snapshot
    from elmo_core.weights.folder import MODEL_FOLDER, write_folder

    target = output_path(folder)
    claim(target, MODEL_FOLDER, [run], overwrite)
    stored = read_snapshot(run)
    write_folder(stored, target)
    names = ("words_seen", "perplexity", "unknown_percent")
    facts = {name: stored.about[name] for name in names if name in stored.about}
    show({"written": str(target), **facts}, as_json)


def _worker(text: str | None, shared: str | None, run: Path, finish: Path | None) -> Worker | None:
    """Which of several workers a run is; None = it is on its own.

    Raises:
        ConfigError: --worker and --shared do not fit each other, the folder of the run, or --finish.
    """
    from elmo_core.exceptions import ConfigError
    from elmo_core.pretraining.local_averaging import Worker

    if text is None and shared is None:
        return None
    if text is None or shared is None:
        raise ConfigError("A worker takes both --worker K/N and --shared FOLDER, the same for all workers.")
    if finish is not None:
        raise ConfigError("A copy of a worker's run finishes on its own; leave out --worker and --shared.")
    worker = Worker.parse(text, output_path(shared))
    if run.resolve() in (worker.folder.resolve(), *worker.folder.resolve().parents):
        raise ConfigError(f"{shared} is the folder of one run; share another one, outside of it.")
    return worker


def _claim_worker(worker: Worker) -> None:
    """Keep other processes on this machine from being the same worker."""
    from elmo_core.pretraining.shared_folder import WORKER_FILE

    with contextlib.suppress(OSError):  # the claim says what is wrong
        worker.folder.mkdir(exist_ok=True)
    claim(worker.path, WORKER_FILE, [])


def _show_estimate(trainer: Trainer) -> None:
    """Say what the run will take before it starts."""
    log, estimate = logging.getLogger(__name__), trainer.estimate()
    log.info("%s", estimate)
    if estimate.warning:
        log.warning(estimate.warning)


def _train(trainer: Trainer, *, keeps_models: bool, is_alone: bool) -> None:
    """Run to the end with a bar and a line for every checkpoint.

    Args:
        trainer: of the run.
        keeps_models: whether models on the way are kept.
        is_alone: whether this is its only process; several would not stop after the same step.
    """
    from elmo_core.pretraining.kept_models import keep_model

    stopping = stopped_between_steps() if is_alone else contextlib.nullcontext()
    with progress_bar("Training") as report, stopping as should_stop:
        if keeps_models:
            keep_model(trainer)
        for row in trainer.run(should_stop):
            report(row.words, trainer.config.total_words)
            if row.perplexity is not None:
                logging.getLogger(__name__).info(
                    "step %d, %d words, loss %.3f, held-out perplexity %.1f (%.1f%% unknown), %.0f words/s",
                    row.step, row.words, row.loss, row.perplexity, 100 * (row.unknown_share or 0),
                    row.words_per_s,
                )  # fmt: skip
                if keeps_models:
                    keep_model(trainer)
