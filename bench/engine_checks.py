"""Check three claims about the engine on real text.

    python -m bench.engine_checks [english-small] [--text FILE] [--sentences 1000]

* bfloat16 against float32: the cosine of every token in every layer is at least 0.999;
* one sentence of ten words takes less than 5 ms, with new words and with known ones;
* a sentence has the same bits alone and in a batch.

The exit status is 1 if one of them fails. bfloat16 is skipped if the processor has no products of its own for
it. Times are the least of many calls, so that other work on the machine does not count.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import torch

from bench.engine import native_dtypes
from bench.engine_inputs import SHIPPED, choose_input, load_shape, read_sentences
from bench.reporting import arguments
from elmo_core.embedder import Elmo
from elmo_core.weights.store import StoredModel

LEAST_COSINE, MOST_MS = 0.999, 5.0
_CALLS, _BLOCK, _ALONE = 200, 256, 50


def cosines(stored: StoredModel, sentences: list[list[str]]) -> np.ndarray:
    """Return the cosine of float32 and bfloat16: (L, T) over all tokens."""
    single, half = Elmo(stored), Elmo(stored, dtype="bfloat16")
    found = []
    for start in range(0, len(sentences), _BLOCK):
        block = sentences[start : start + _BLOCK]
        for one, other in zip(single.embed(block), half.embed(block), strict=True):
            a, b = one.layers.astype(np.float64), other.layers.astype(np.float64)
            lengths = np.linalg.norm(a, axis=2) * np.linalg.norm(b, axis=2)
            found.append((a * b).sum(axis=2) / lengths)
    return np.concatenate(found, axis=1)


def latency_ms(stored: StoredModel, sentence: list[str], dtype: str) -> tuple[float, float]:
    """Return the milliseconds of one call with new words and with known ones."""
    new, known = [], []
    for _ in range(_CALLS // 10):
        elmo = Elmo(stored, dtype=dtype)
        new.append(_ms(elmo, sentence))
        known += [_ms(elmo, sentence) for _ in range(10)]
    return min(new), min(known)


def _ms(elmo: Elmo, sentence: list[str]) -> float:
    start = time.perf_counter()
    elmo.embed([sentence])
    return 1000 * (time.perf_counter() - start)


def main() -> None:
    """Check and print."""
    parser = arguments(__doc__)
    parser.add_argument("model", nargs="?", default=SHIPPED)
    parser.add_argument("--text", type=Path, help="UTF-8 text; default: the bundled samples")
    parser.add_argument("--sentences", type=int, default=1000)
    options = parser.parse_args()
    stored, weights = load_shape(options.model)
    sentences = read_sentences(options.text)
    some = sentences[: options.sentences]
    sys.stdout.write(f"{stored.name} ({weights}), {torch.get_num_threads()} thread(s)\n")
    kept = [_same_bits(stored, some), _is_quick(stored, choose_input("one", sentences, 1, 1)[0])]
    if "bfloat16" in native_dtypes():
        kept.append(_is_close(stored, some))
    sys.exit(not all(kept))


def _same_bits(stored: StoredModel, sentences: list[list[str]]) -> bool:
    elmo = Elmo(stored)
    together, picked = elmo.embed(sentences), range(0, len(sentences), max(1, len(sentences) // _ALONE))
    n_same = sum(
        np.array_equal(elmo.embed([sentences[index]])[0].layers, together[index].layers) for index in picked
    )
    sys.stdout.write(f"the same bits alone and in a batch: {n_same} of {len(picked)} sentences\n")
    return n_same == len(picked)


def _is_quick(stored: StoredModel, sentence: list[str]) -> bool:
    times = {dtype: latency_ms(stored, sentence, dtype) for dtype in native_dtypes()}
    for dtype, (new, known) in times.items():
        sys.stdout.write(
            f"{len(sentence)} words in {dtype}: new words {new:.1f} ms, known words {known:.1f} ms "
            f"(less than {MOST_MS:.0f} ms)\n"
        )
    return max(times["float32"]) < MOST_MS


def _is_close(stored: StoredModel, sentences: list[list[str]]) -> bool:
    found = cosines(stored, sentences)
    sys.stdout.write(
        f"bfloat16 to float32: {found.shape[1]:,} tokens, least cosine by layer "
        f"{', '.join(f'{value:.5f}' for value in found.min(axis=1))} (at least {LEAST_COSINE}); "
        f"{(found.min(axis=0) < LEAST_COSINE).sum():,} tokens below\n"
    )
    return bool(found.min() >= LEAST_COSINE)


if __name__ == "__main__":
    main()
