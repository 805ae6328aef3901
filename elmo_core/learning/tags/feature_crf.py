"""The tagger people would use without a biLM: a CRF over words, affixes, shapes and neighbours (CRFsuite).

CRFsuite keeps Python's lock while it learns, so it does so in a process of its own: this module, which
reads JSON from standard input and writes JSON to standard output. It can be stopped at any time.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from elmo_core.exceptions import InputError, TrainingError

Sentences = Sequence[Sequence[str]]
_ROOT = Path(__file__).resolve().parents[3]
_SETTINGS = {"c1": 0.1, "c2": 0.1, "max_iterations": 100, "feature.possible_transitions": True}
_TICK_S = 0.1


def feature_crf(
    train: Sentences, tags: Sentences, test: Sentences, *, tick: Callable[[], object] | None = None
) -> list[list[str]]:
    """Tags of test sentences by a linear-chain CRF over features of the words.

    Args:
        train: sentences to learn from.
        tags: theirs.
        test: sentences to tag.
        tick: called ten times a second; an error it raises stops the work.

    Raises:
        InputError: there is nothing to learn from.
        TrainingError: CRFsuite cannot learn from it.
    """
    if not any(train):
        raise InputError("No sentence has a token; give sentences with tokens.")
    given = json.dumps([list(map(list, part)) for part in (train, tags, test)])
    with tempfile.TemporaryFile("w+", encoding="utf-8") as source, tempfile.TemporaryFile() as out:
        source.write(given)
        source.seek(0)
        _run(source, out, tick)
        out.seek(0)
        return [list(map(str, found)) for found in json.load(out)]


def _run(source: IO[str], out: IO[bytes], tick: Callable[[], object] | None) -> None:
    """Run this module as a program; it is killed when `tick` raises."""
    path = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONPATH": path}
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(
            [sys.executable, "-m", __name__], stdin=source, stdout=out, stderr=errors, env=environment
        ) as process,
    ):
        try:
            while process.poll() is None:
                if tick is not None:
                    tick()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(_TICK_S)
        except BaseException:
            process.kill()
            raise
        if process.returncode:
            errors.seek(0)
            lines = errors.read().decode("utf-8", "replace").strip().splitlines()
            reason = lines[-1] if lines else "no reason given"
            raise TrainingError(f"The feature CRF could not be learned from these sentences ({reason}).")


def features(tokens: Sequence[str]) -> list[list[str]]:
    """Features of each token of a sentence: its own, and those of two words before and after."""
    words = [token.replace(":", ";") for token in tokens]
    found = []
    for at, word in enumerate(words):
        own = ["bias", *_own_features("0", word)]
        own += [f"prefix={word[:n].casefold()}" for n in (2, 3)]
        own += [f"suffix={word[-n:].casefold()}" for n in (1, 2, 3, 4)]
        for offset in (-2, -1, 1, 2):
            if 0 <= at + offset < len(words):
                own += _own_features(str(offset), words[at + offset])
        own += ["first"] if at == 0 else []
        own += ["last"] if at == len(words) - 1 else []
        found.append(own)
    return found


def _own_features(place: str, word: str) -> list[str]:
    return [f"{place} word={word.casefold()}", f"{place} shape={_shape(word)}"]


def _shape(word: str) -> str:
    """`McGee's` -> `XxXx'x`: kinds of characters, repeats left out."""
    kinds = ["X" if c.isupper() else "x" if c.isalpha() else "0" if c.isdigit() else c for c in word[:30]]
    return "".join(kind for at, kind in enumerate(kinds) if at == 0 or kind != kinds[at - 1])


def _learn_and_tag(train: Sentences, tags: Sentences, test: Sentences) -> list[list[str]]:
    import pycrfsuite

    trainer = pycrfsuite.Trainer(algorithm="lbfgs", params=_SETTINGS, verbose=False)
    for tokens, own in zip(train, tags, strict=True):
        if tokens:
            trainer.append(features(tokens), list(own))
    tagger = pycrfsuite.Tagger()
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "crf")
        trainer.train(path)
        with tagger.open(path):
            return [list(tagger.tag(features(tokens))) if tokens else [] for tokens in test]


if __name__ == "__main__":
    json.dump(_learn_and_tag(*json.load(sys.stdin.buffer)), sys.stdout)
