"""What a model's layers know, beside the baselines: the table of its card.

    python -m bench.model_scores english-small            the whole table, as Markdown
    python -m bench.model_scores MODEL --tasks senses     one task
    python -m bench.model_scores MODEL --json scores.json
    python -m bench.model_scores MODEL --dtype bfloat16    what the number format costs

Mixtures, thresholds and penalties are chosen on the training part alone, in the same way for every word.
"""

from __future__ import annotations

import itertools
import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from bench import benchmark_data
from bench.centroids import best_mixture, cross_validated, nearest_centroid, unit
from bench.reporting import arguments, progress, table
from bench.sense_layers import layer_accuracies, plain_views
from bench.targets import Targets, WordUses, target_vectors, word_uses
from bench.whitened_senses import learned_whitenings, whitened_score
from bench.whitening import Whitening
from elmo_core import Elmo, load_elmo, load_static
from elmo_core.embedding.machine import DTYPES
from elmo_core.static.vectors import StaticVectors

Scores = dict[str, float]
_PROBE_SENTENCES = 4000
_WIC_SHRINKAGE = 0.5  # the middle; not chosen on WiC


def sentence_means(elmo: Elmo, sentences: Sequence[list[str]]) -> np.ndarray:
    """Return the mean over the tokens of each sentence in all layers: float32 (L, n, D)."""
    means = [found.layers.mean(axis=1) for block in elmo.stream(sentences) for found in block]
    return np.stack(means, axis=1)


def senses(elmo: Elmo) -> Scores:
    """Score CoarseWSD: test accuracy in percent, macro average over the words."""
    rows: dict[str, list[float]] = {}
    words: list[WordUses] = []
    for word, uses in word_uses(elmo):
        words.append(uses)
        for name, value in (layer_accuracies(*uses) | _mixture_accuracy(*uses)).items():
            rows.setdefault(name, []).append(100 * value)
        progress(f"{word}: " + ", ".join(f"{name} {values[-1]:.1f}" for name, values in rows.items()))
    found = {name: float(np.mean(values)) for name, values in rows.items()}
    found["layers 1 and 2, whitened"] = whitened_score(words, learned_whitenings(elmo))
    return found


def _mixture_accuracy(uses: dict[str, Targets], gold: dict[str, np.ndarray]) -> Scores:
    means = uses["train"].layers.mean(axis=1, keepdims=True)  # of all uses, whatever their senses
    centred = {part: unit(targets.layers - means) for part, targets in uses.items()}
    chosen = best_mixture(
        centred["train"], gold["train"], lambda mixed: cross_validated(mixed, gold["train"])
    )
    train, test = (np.tensordot(chosen, centred[part], axes=1) for part in ("train", "test"))
    right = nearest_centroid(train, gold["train"], test) == gold["test"]
    return {"best mixture, centred": float(right.mean())}


def word_in_context(elmo: Elmo) -> Scores:
    """Score WiC: dev accuracy in percent of a cosine threshold set on train."""
    cosines, gold, whitening = {}, {}, learned_whitenings(elmo)[-1]
    for part in ("train", "dev"):
        pairs = benchmark_data.word_in_context(part)
        sides = [
            target_vectors(
                elmo, [pair.sentences[side] for pair in pairs], [pair.positions[side] for pair in pairs]
            )
            for side in (0, 1)
        ]
        views = [_pair_views(targets, whitening) for targets in sides]
        cosines[part] = {
            name: (unit(first) * unit(views[1][name])).sum(axis=-1) for name, first in views[0].items()
        }
        gold[part] = np.array([pair.same for pair in pairs])
    found = {"chance": 50.0}
    for name, train in cosines["train"].items():
        grid = np.quantile(train, np.linspace(0, 1, 501))
        cut = grid[int(np.argmax([((train > cut) == gold["train"]).mean() for cut in grid]))]
        found[name] = 100 * float(((cosines["dev"][name] > cut) == gold["dev"]).mean())
    return found


def _pair_views(targets: Targets, whitening: Whitening) -> dict[str, np.ndarray]:
    """Return each layer, the mean of the LSTM layers, layer 2 whitened, and the context."""
    whitened = whitening.apply(targets.layers[2], _WIC_SHRINKAGE)
    mean = targets.layers[1:].mean(axis=0)
    return plain_views(targets) | {"uniform mix": mean, "layer 2, whitened": whitened}


def sentiment(elmo: Elmo) -> Scores:
    """Score SST-2: dev accuracy in percent of a logistic regression."""
    (train, gold), (dev, wanted) = benchmark_data.sentiment("train"), benchmark_data.sentiment("dev")
    tfidf = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), tokenizer=str.split, token_pattern=None),
        LogisticRegression(C=10, max_iter=1000),
    )
    tfidf.fit([" ".join(words) for words in train], gold)
    found = {
        "majority": 100 * max(np.mean(wanted), 1 - np.mean(wanted)),
        "TF-IDF + LR": 100 * tfidf.score([" ".join(words) for words in dev], wanted),
    }
    layers = {part: sentence_means(elmo, sentences) for part, sentences in (("train", train), ("dev", dev))}
    named = {
        f"layer {index}": (layers["train"][index], layers["dev"][index]) for index in range(elmo.n_layers)
    }
    named["uniform mix"] = (layers["train"].mean(axis=0), layers["dev"].mean(axis=0))
    wide = {part: np.concatenate(list(values), axis=1) for part, values in layers.items()}
    named["all layers"] = wide["train"], wide["dev"]
    static = load_static("english-word2vec")
    named["word2vec, shipped"] = (static_means(static, train), static_means(static, dev))
    for name, (x, y) in named.items():
        rates = {c: cross_val_score(_linear(c), x, gold, cv=3).mean() for c in (0.001, 0.01, 0.1)}
        found[name] = 100 * _linear(max(rates, key=rates.__getitem__)).fit(x, gold).score(y, wanted)
    return found


def static_means(static: StaticVectors, sentences: Sequence[list[str]]) -> np.ndarray:
    """Return the mean static vector of each sentence's known words, or zeros: float32 (n, D)."""
    found = np.zeros((len(sentences), static.dim), dtype=np.float32)
    for row, words in enumerate(sentences):
        vectors = [static[word] for word in words if word in static]
        if vectors:
            found[row] = np.mean(vectors, axis=0)
    return found


def _linear(c: float) -> Pipeline:
    return make_pipeline(StandardScaler(), LogisticRegression(C=c, max_iter=300))


def word_class(elmo: Elmo) -> Scores:
    """Score UD English EWT: dev accuracy in percent of a linear probe for the universal part of speech."""
    parts = {
        part: list(itertools.islice(benchmark_data.word_classes(part), _PROBE_SENTENCES))
        for part in ("train", "dev")
    }
    tags = {part: [tag for _, tags in sentences for tag in tags] for part, sentences in parts.items()}
    usual: dict[str, Counter[str]] = {}
    for words, classes in parts["train"]:
        for word, tag in zip(words, classes, strict=True):
            usual.setdefault(word, Counter())[tag] += 1
    guesses = [
        usual[word].most_common(1)[0][0] if word in usual else "NOUN"
        for words, _ in parts["dev"]
        for word in words
    ]
    found = {
        "most frequent class of the word": 100 * float(np.mean(np.array(guesses) == np.array(tags["dev"])))
    }
    vectors = {
        part: _all_tokens(elmo, [words for words, _ in sentences]) for part, sentences in parts.items()
    }
    for index in range(elmo.n_layers):
        probe = _linear(0.01).fit(vectors["train"][index], tags["train"])
        found[f"layer {index}"] = 100 * probe.score(vectors["dev"][index], tags["dev"])
    return found


def _all_tokens(elmo: Elmo, sentences: list[list[str]]) -> np.ndarray:
    return np.concatenate([found.layers for found in elmo.embed(sentences)], axis=1)


TASKS: dict[str, Callable[[Elmo], Scores]] = {
    "senses": senses,
    "word in context": word_in_context,
    "sentiment": sentiment,
    "word class": word_class,
}


def as_markdown(found: dict[str, Scores]) -> str:
    """Format one line for each task and method."""
    rows = [(task, name, f"{value:.1f}") for task, scores in found.items() for name, value in scores.items()]
    return table(["task", "method", "score"], rows)


def main() -> None:
    """Run the tasks and write the table."""
    parser = arguments(__doc__)
    parser.add_argument("model")
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--dtype", choices=DTYPES, default="float32", help="of the products")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    elmo = load_elmo(options.model, dtype=options.dtype)
    found = {name: TASKS[name](elmo) for name in options.tasks}
    sys.stdout.write(as_markdown(found))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
