"""The surprise of words: against the definition, against `evaluate`, and on swapped words."""

from __future__ import annotations

import copy
import csv
import dataclasses
import json
import math

import numpy as np
import pytest

from elmo_core import load_elmo
from elmo_core.encoders import likelihoods, softmax_likelihoods
from elmo_core.encoders.likelihoods import SIDES
from elmo_core.exceptions import CancelledError, ConfigError, InputError
from elmo_core.pretraining.evaluation import text_perplexity
from elmo_core.reading.rows import COLUMNS, cells, records, to_jsonl
from elmo_core.reading.samples import SAMPLES, measure_samples, sample_surprise
from elmo_core.reading.text import read_text
from elmo_core.shipped import shipped
from elmo_core.text.tokenisation import tokenise, tokenised_sentences

TEXT = "The river was long and wide. I read a book about zebras, and the man by the bank\nplayed"


@pytest.fixture(scope="module")
def english():
    return load_elmo("english-small")


@pytest.fixture(scope="module")
def read(elmo):
    return read_text(elmo, TEXT)


def test_means_are_those_of_evaluate(elmo, read, english):
    for model, text in ((elmo, read), (english, read_text(english, TEXT, n_expected=1))):
        sentences = list(tokenised_sentences(TEXT))
        found = text_perplexity(model.model, model.vocabulary, sentences, state="zero")
        for name in ("forward", "backward"):
            assert math.log(getattr(text.perplexity, name)) == pytest.approx(
                math.log(getattr(found, name)), abs=1e-4
            )
        assert text.perplexity.loss == pytest.approx(found.loss, abs=1e-4)
        bits = text.bits[:2].sum() + sum(one.boundary_bits.sum() for one in text.sentences)
        assert bits * math.log(2) / (2 * found.n_predictions) == pytest.approx(found.loss, abs=1e-4)
        assert text.perplexity.n_predictions == found.n_predictions
        assert text.perplexity.unknown_share == found.unknown_share > 0


def test_both_sides_are_the_product_over_the_prior(elmo, read):
    """log p(w | left) + log p(w | right) - log p(w), normalised, from all words of either side."""
    whole = read_text(elmo, TEXT, n_expected=len(elmo.vocabulary))
    prior = elmo.model.softmax.bias.detach().double().numpy()
    for sentence in whole.sentences:
        logs = np.full((3, len(sentence.tokens), len(prior)), np.nan)
        np.put_along_axis(logs, sentence.likeliest, np.log(sentence.probabilities.astype(np.float64)), axis=2)
        product = logs[0] + logs[1] - prior
        product -= np.logaddexp.reduce(product, axis=1, keepdims=True)
        assert logs[2] == pytest.approx(product, abs=1e-3)
        ids = elmo.vocabulary.ids_of(sentence.tokens)
        own = np.take_along_axis(logs, np.broadcast_to(ids[None, :, None], (3, len(ids), 1)), axis=2)[..., 0]
        assert sentence.bits == pytest.approx(-own / math.log(2), abs=1e-3)
        assert (np.diff(sentence.probabilities, axis=2) <= 0).all()
        assert sentence.probabilities.sum(axis=2) == pytest.approx(1, abs=1e-5)


def test_small_blocks_of_the_softmax_give_the_same(elmo, read, monkeypatch):
    monkeypatch.setattr(softmax_likelihoods, "_LOGITS_PER_BLOCK", 3 * len(elmo.vocabulary))
    monkeypatch.setattr(likelihoods, "_TOKENS_PER_BLOCK", 1)
    shares = []
    again = read_text(elmo, TEXT, report=lambda doing, share: shares.append(share))
    assert again.bits == pytest.approx(read.bits, abs=1e-5)
    assert shares == sorted(shares) and shares[-1] == 1 and len(shares) > 10

    def stop(doing, share):
        if share > 0.2:
            shares.append(share)
            raise CancelledError("stopped")

    shares.clear()
    with pytest.raises(CancelledError):
        read_text(elmo, [TEXT.split()], report=stop)
    assert len(shares) == 1 and shares[0] < 0.5  # in the middle of the only sentence


def test_tokens_places_and_unknown_words(elmo, read):
    words = [word for sentence in read.sentences for word in sentence.tokens]
    assert words == [word for tokens in tokenised_sentences(TEXT) for word in tokens]
    assert [TEXT[start:end] for places in read.places for start, end in places] == words
    unknown = [
        word
        for sentence in read.sentences
        for word, is_unknown in zip(sentence.tokens, sentence.is_unknown, strict=True)
        if is_unknown
    ]
    assert unknown == [word for word in words if word not in elmo.vocabulary] and "zebras" in unknown
    as_tokens = read_text(elmo, [list(sentence.tokens) for sentence in read.sentences])
    assert as_tokens.bits == pytest.approx(read.bits, abs=1e-5) and as_tokens.places == ()
    sentence, place = read.most_surprising("left")
    known = ~np.concatenate([one.is_unknown for one in read.sentences])
    assert read.sentences[sentence].bits[0, place] == read.bits[0][known].max()


@pytest.mark.parametrize("text", ["", " \n\t", [], [[]]])
def test_a_text_without_words_is_refused(elmo, text):
    with pytest.raises(InputError, match="no word to read"):
        read_text(elmo, text)


def test_a_model_without_softmax_says_so(elmo):
    silent = copy.copy(elmo)
    silent.model = type(elmo.model)(dataclasses.replace(elmo.config, has_softmax=False)).eval()
    with pytest.raises(ConfigError, match="it has no softmax"):
        read_text(silent, TEXT)


def test_swapped_words_surprise_more(english):
    """By the definition of a language model; that both sides find most of them is what the page shows."""
    with shipped("data/samples/senses.csv").open(encoding="utf-8", newline="") as file:
        sentences = [tokenise(row["sentence"]) for row in csv.DictReader(file)][::30]
    middles = [len(tokens) // 2 for tokens in sentences]
    swapped = [
        [*tokens[:place], other[-2], *tokens[place + 1 :]]
        for tokens, place, other in zip(sentences, middles, sentences[1:] + sentences[:1], strict=True)
    ]
    before, after = (read_text(english, text, n_expected=0) for text in (sentences, swapped))
    rises = np.array(
        [
            new.bits[:, place] - old.bits[:, place]
            for old, new, place in zip(before.sentences, after.sentences, middles, strict=True)
        ]
    )
    assert (rises.mean(axis=0) > 2).all()  # bits, from each side and from both
    assert (rises[:, SIDES.index("both")] > 0).mean() > 0.7


def test_percentiles_are_among_the_samples(elmo, english):
    samples = measure_samples(elmo, 2)
    assert samples.n_sentences == 2 * len(SAMPLES) and set(samples.perplexities) == set(SAMPLES)
    ramp = np.tile(np.array([-1, samples.quantiles[0, 200], 100], dtype=np.float32), (3, 1))
    low, middle, high = samples.percentiles(ramp)[0]
    assert low == 0 and middle == pytest.approx(50, abs=1) and high == 100
    kept = sample_surprise(english)  # of all sentences, so it was not computed here
    assert kept.n_sentences > 1000
    own = read_text(english, [tokenise("The ship sailed across the soup to America.")])
    assert own.sentences[0].tokens[5] == "soup"
    assert kept.percentiles(own.bits)[:, 5].min() > 90


def test_rows_for_people_and_programs_agree(elmo, read):
    samples = measure_samples(elmo, 1)
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in cells(read, samples, 2)]
    lines = [json.loads(line) for line in to_jsonl(records(read, samples, 2))]
    assert len(rows) == len(lines) == read.n_tokens
    assert [row["word"] for row in rows] == [line["word"] for line in lines]
    assert [row["both_bits"] for row in rows] == pytest.approx(read.bits[2].tolist(), abs=1e-3)
    assert {row["is_unknown"] for row in rows} == {"yes", "no"}
    word, probability = lines[0]["expected_left"][0]
    assert rows[0]["expected_left"].startswith(f"{word} {probability:.2f} | ")
