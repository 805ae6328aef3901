"""Memory of the command `embed` on a long text, and its speed compared with `Elmo.embed` in memory.

    python -m bench.bulk_embedding FOLDER --words 1000000 [--text FILE] [--model english-small]
        [--format arrays] [--vectors pooled] [--dtype bfloat16] [--precision float16]

The text (by default the bundled samples) is repeated with a new word in every sentence, so that the char
CNN always has work. The command runs in a process of its own. Every twenty seconds it is stopped (SIGSTOP)
while this process embeds the next piece of the same text in memory, so that both run under the same load.
Processor time, which leaves out that load, is compared as well.
All layers of ten million words of english-small take 61 GB of disk; pooled vectors take a few hundred MB.
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from bench.engine_inputs import SHIPPED, read_sentences
from bench.memory import resident_mb
from bench.reporting import arguments, table
from elmo_core.bulk.job import FORMATS
from elmo_core.bulk.parts import ABOUT
from elmo_core.bulk.rows import Precision, Vectors
from elmo_core.embedder import Elmo, load_elmo

_TURN_S, _LOOK_EVERY_S = 20.0, 0.2
_PIECE_SENTENCES = 300
_HEADS = (
    "model", "written", "words", "`embed` words/s", "in memory words/s", "share", "by processor time",
    "MB in the first minute", "MB after it",
)  # fmt: skip
_STEADY_AFTER_S = 60.0
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass
class Spent:
    """The cost of embedding some words."""

    words: int = 0
    wall_s: float = 0.0
    processor_s: float = 0.0

    def over(self, other: Spent) -> tuple[float, float]:
        """Return this speed as a share of another one, by the clock and by processor time."""
        share = self.words / other.words
        return share * other.wall_s / self.wall_s, share * other.processor_s / self.processor_s


@dataclass
class Command:
    """The running command, which takes turns with this process."""

    process: subprocess.Popen[bytes]
    spent: Spent = field(default_factory=Spent)
    memory: list[tuple[float, float]] = field(default_factory=list)
    """Seconds of its own running time, resident MB."""
    _began_at_s: float = 0.0

    def wait_until_it_embeds(self, about: Path) -> None:
        """Wait until the command has loaded its model."""
        while not about.is_file() and self.process.poll() is None:
            time.sleep(_LOOK_EVERY_S / 4)
        self._began_at_s = processor_s(self.process.pid)

    def take_turn(self) -> bool:
        """Let the command run, then stop it; return whether it is still alive."""
        os.kill(self.process.pid, signal.SIGCONT)
        start = now = time.perf_counter()
        while now < start + _TURN_S and not self.has_ended():
            self.spent.processor_s = processor_s(self.process.pid) - self._began_at_s
            self.memory.append((self.spent.wall_s + now - start, resident_mb(self.process.pid)))
            time.sleep(_LOOK_EVERY_S)
            now = time.perf_counter()
        self.spent.wall_s += now - start
        if self.has_ended():
            return False
        os.kill(self.process.pid, signal.SIGSTOP)
        return True

    def has_ended(self) -> bool:
        """Whether the command is over; its memory and times can be read until it is waited for."""
        return os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def processor_s(pid: int) -> float:
    """Return the processor time of another process."""
    told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / _TICKS_PER_S


def long_text(sentences: list[list[str]], n_words: int) -> Iterator[list[str]]:
    """Repeat sentences, each time with a new first word."""
    done = 0
    for number, tokens in enumerate(itertools.cycle(sentences)):
        if done >= n_words:
            return
        yield [f"w{number}", *tokens[1:]]
        done += len(tokens)


def embed_piece(elmo: Elmo, piece: list[list[str]], spent: Spent) -> None:
    """Embed a piece of the text in memory."""
    wall, processor = time.perf_counter(), time.process_time()
    elmo.embed(piece)
    spent.words += sum(map(len, piece))
    spent.wall_s += time.perf_counter() - wall
    spent.processor_s += time.process_time() - processor


def highest(memory: list[tuple[float, float]]) -> tuple[float, float]:
    """Return the peak memory of the first minute and of the time after it (of the halves of a shorter run).

    Memory falls whenever a part has been written.
    """
    split = min(_STEADY_AFTER_S, memory[-1][0] / 2)
    return max(mb for at, mb in memory if at < split), max(mb for at, mb in memory if at >= split)


def main() -> None:
    """Measure and print a row of a table."""
    parser = arguments(__doc__)
    parser.add_argument("folder", type=Path, help="receives the text and the vectors; both are removed again")
    parser.add_argument("--words", type=int, default=1_000_000)
    parser.add_argument("--text", type=Path, help="UTF-8 text; default: the bundled samples")
    parser.add_argument("--model", default=SHIPPED)
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--format", choices=FORMATS, default="arrays")
    parser.add_argument("--vectors", choices=get_args(Vectors), default="pooled")
    parser.add_argument("--precision", choices=get_args(Precision), default="float32")
    options = parser.parse_args()
    elmo, sentences = load_elmo(options.model, dtype=options.dtype), read_sentences(options.text)
    options.folder.mkdir(parents=True, exist_ok=True)
    text, target = options.folder / "bulk-text.txt", options.folder / "bulk-vectors"
    folder = target.with_name(f"{target.name}.parts") if FORMATS[options.format].join else target
    with text.open("w", encoding="utf-8") as file:
        file.writelines(" ".join(tokens) + "\n" for tokens in long_text(sentences, options.words))
    chosen = [f"--{name}={getattr(options, name)}" for name in ("dtype", "format", "vectors", "precision")]
    command_line = [sys.executable, "-m", "elmo_core", "embed", options.model, text, target, "--tokenised"]
    pieces, in_memory = long_text(sentences, options.words), Spent()
    command = Command(subprocess.Popen([*command_line, *chosen], stdout=subprocess.DEVNULL))
    try:
        command.wait_until_it_embeds(folder / ABOUT)
        while command.take_turn():
            embed_piece(elmo, list(itertools.islice(pieces, _PIECE_SENTENCES)), in_memory)
    finally:
        command.process.kill()
        failed = command.process.wait()
        text.unlink()
        for path in (target, folder):
            shutil.rmtree(path, ignore_errors=True)
        target.unlink(missing_ok=True)
    if failed:
        sys.exit(failed)
    command.spent.words = sum(map(len, long_text(sentences, options.words)))
    (first, later), (by_clock, by_processor) = highest(command.memory), command.spent.over(in_memory)
    row = (
        options.model, f"{options.vectors} {options.precision} {options.format}", f"{command.spent.words:,}",
        f"{command.spent.words / command.spent.wall_s:,.0f}", f"{in_memory.words / in_memory.wall_s:,.0f}",
        f"{by_clock:.0%}", f"{by_processor:.0%}", f"{first:,.0f}", f"{later:,.0f}",
    )  # fmt: skip
    sys.stdout.write(table(_HEADS, [row]))


if __name__ == "__main__":
    main()
