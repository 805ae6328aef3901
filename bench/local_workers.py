"""Workers that average their weights, beside one run of one and of two threads, at equal words in all.

    python -m bench.local_workers --train 'corpus/*.xz' --valid held-out.xz --cache folder/ --csv rows.csv
    python -m bench.local_workers ... --only "one run" "two workers"
    python -m bench.local_workers ... --round-cost      processor time of a round in the shipped shape

All rows go on from one small model, which is trained first and kept in the cache, and hold the rate.
`--words` are those of all workers together. A worker is a process of its own with one thread. Perplexity is
that of the running average (of the workers' mean where they average) on held-out text, half-way and at the
end; words/s are those of all processes together by the clock, checkpoints and rounds included. A finished row
is written to the CSV at once and is not run again. Words per processor second do not depend on what else the
machine does.
"""

from __future__ import annotations

import csv
import dataclasses
import multiprocessing
import sys
import tempfile
import time
from pathlib import Path

import torch

from bench.kept_rows import KeptRows
from bench.reporting import progress, table, training_arguments
from bench.variants import CHARACTERS
from elmo_core.nn.bilm import BiLM
from elmo_core.pretraining.cache import open_corpus
from elmo_core.pretraining.local_averaging import LocalAveraging, Worker
from elmo_core.pretraining.settings import SMALL, PretrainConfig
from elmo_core.pretraining.trainer import Trainer
from elmo_core.text.vocabulary import SPECIALS, Vocabulary
from elmo_core.weights.folder import read_folder

BASE = PretrainConfig(
    model=CHARACTERS,
    vocabulary_size=10_000, rows=32, unroll_steps=20, n_sampled=512, learning_rate=3e-3, warm_up_steps=100,
    decay_from=0.999, average_decay=0.9, valid_tokens=5_000,
)  # fmt: skip
OUTER: dict[str, dict[str, float]] = {
    "two workers": {},
    "two workers, plain mean": {"outer_rate": 1.0, "outer_momentum": 0.0},
    "two workers, momentum 0.9": {"outer_momentum": 0.9},
}
WAYS = ["one run", "one run, two threads", *OUTER]


@dataclasses.dataclass(frozen=True)
class Setting:
    """What all rows have in common."""

    train: str
    valid: str
    cache: Path
    words: int
    """Of all workers together."""
    rounds: int
    """Checkpoints of each process."""
    start_words: int
    """Of the model that all rows go on from."""

    @property
    def start(self) -> Path:
        """Folder of the run of that model."""
        return self.cache / f"start-{self.start_words}"

    def config(self, n_processes: int, threads: int) -> PretrainConfig:
        """Return the settings of one of several processes."""
        steps = self.words // n_processes // BASE.words_per_step // self.rounds  # of a round
        return dataclasses.replace(
            BASE, warm_up_steps=20, threads=threads, checkpoint_steps=steps, log_steps=steps,
            total_words=steps * self.rounds * BASE.words_per_step,
        )  # fmt: skip


def train(setting: Setting, config: PretrainConfig, folder: Path, worker: Worker | None) -> None:
    """Train one run; in a process of its own. Leaves the clock times of its first and last step."""
    cache, held_out = (open_corpus(pattern, setting.cache) for pattern in (setting.train, setting.valid))
    valid = [held_out.words(index) for index in range(min(held_out.n_sentences, 2000))]
    initial = read_folder(setting.start / "model") if folder != setting.start else None
    torch.set_num_threads(config.threads)
    trainer = Trainer(config, cache, valid, folder, initial=initial, worker=worker)
    began, processor = time.time(), time.process_time()
    for _ in trainer.run():
        pass
    (folder / "times").write_text(
        f"{began} {time.time()} {time.process_time() - processor}", encoding="ascii"
    )
    if folder == setting.start:
        trainer.write_model(folder / "model")


def measured(setting: Setting, way: str) -> dict[str, object]:
    """Train in one way; return its perplexities and its speed."""
    n, threads = (2 if way in OUTER else 1), (2 if "threads" in way else 1)
    config = setting.config(n, threads)
    with tempfile.TemporaryDirectory() as name:
        folders = [Path(name) / f"run-{number}" for number in range(1, n + 1)]
        workers = [
            Worker(number, n, Path(name) / "shared", **OUTER[way]) if way in OUTER else None
            for number in range(1, n + 1)
        ]
        run_all([(setting, config, *pair) for pair in zip(folders, workers, strict=True)])
        times = [tuple(map(float, (folder / "times").read_text("ascii").split())) for folder in folders]
        last = folders[max(range(n), key=lambda index: times[index][1])]
        curve = perplexities(last)
    seconds = max(end for _, end, _ in times) - min(began for began, _, _ in times)
    words = n * config.total_words
    return {
        "words": words,
        "half": round(curve[len(curve) // 2 - 1], 2),
        "end": round(curve[-1], 2),
        "seconds": round(seconds),
        "words_per_s": round(words / seconds),
        "words_per_processor_s": round(words / sum(processor for _, _, processor in times)),
        "curve": " ".join(f"{value:.2f}" for value in curve),
    }


def run_all(runs: list[tuple[Setting, PretrainConfig, Path, Worker | None]]) -> None:
    """Train several runs side by side."""
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=train, args=run) for run in runs]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        if process.exitcode:
            raise SystemExit("A run failed; its error is above.")


def perplexities(folder: Path) -> list[float]:
    """Return the perplexity at each checkpoint of a run."""
    with (folder / "history.csv").open(newline="", encoding="utf-8") as stream:
        return [float(row["perplexity"]) for row in csv.DictReader(stream) if row["perplexity"]]


def seconds_of_a_round() -> float:
    """Return the processor time of the last of three rounds of two workers in the shipped shape, by turns."""
    shape = dataclasses.replace(SMALL, n_words=PretrainConfig().vocabulary_size)
    identity = {"corpus": "none", "config": PretrainConfig(model=shape).to_dict()}
    with tempfile.TemporaryDirectory() as name:
        workers = []
        for number in (1, 2):
            run, model = Path(name) / f"run-{number}", BiLM(shape)
            run.mkdir()
            averaging = LocalAveraging(Worker(number, 2, Path(name) / "shared"), run)
            averaging.begin(model, Vocabulary(SPECIALS), identity, lambda: None)
            average = {name: weights.detach().clone() for name, weights in model.named_parameters()}
            workers.append((averaging, model, average))
        for step in (500, 1000, 1500):
            for averaging, model, average in workers:
                began = time.process_time()
                averaging.exchange(model, average, step)
                averaging.publish(average)
                seconds = time.process_time() - began
    return seconds


def as_table(rows: list[dict[str, str]]) -> str:
    """Format a line for each way."""
    heads = ["", "million words in all", "half", "end", "words/s", "words a processor second"]
    return table(
        heads,
        [
            [
                row["way"], f"{int(row['words']) / 1e6:.2f}", f"{float(row['half']):.1f}",
                f"{float(row['end']):.1f}", f"{int(row['words_per_s']):,}",
                f"{int(row['words_per_processor_s']):,}",
            ]
            for row in rows
        ],
    )  # fmt: skip


def main() -> None:
    """Run the ways that are missing in the CSV and write the table."""
    parser = training_arguments(__doc__)
    parser.add_argument("--csv", type=Path, required=True)
    parser.add_argument("--words", type=int, default=320_000)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--start-words", type=int, default=960_000)
    parser.add_argument("--only", nargs="+", choices=WAYS, default=WAYS, metavar="WAY")
    parser.add_argument("--round-cost", action="store_true")
    options = parser.parse_args()
    if options.round_cost:
        sys.stdout.write(f"{seconds_of_a_round():.1f} processor seconds\n")
        return
    setting = Setting(
        options.train, options.valid, options.cache, options.words, options.rounds, options.start_words
    )
    if not (setting.start / "model").exists():
        steps = setting.start_words // BASE.words_per_step
        config = dataclasses.replace(BASE, total_words=setting.start_words, checkpoint_steps=steps)
        run_all([(setting, config, setting.start, None)])
    progress(f"The rows go on from a perplexity of {perplexities(setting.start)[-1]:.1f}.")
    kept = KeptRows(options.csv, ("way", "of", "rounds"))
    for way in options.only:
        if (way, options.words, options.rounds) not in kept:
            kept.add({"way": way, "of": options.words, "rounds": options.rounds} | measured(setting, way))
            progress(f"{kept.rows[-1]}")
    wanted = (str(options.words), str(options.rounds))
    sys.stdout.write(as_table([row for row in kept.rows if (row["of"], row["rounds"]) == wanted]))


if __name__ == "__main__":
    main()
