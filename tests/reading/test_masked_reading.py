"""The surprise of words by a masked language model: against the definition, and what it lacks."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from elmo_core.__main__ import app
from elmo_core.encoders import likelihoods, masked_likelihoods
from elmo_core.exceptions import CancelledError, ConfigError
from elmo_core.models import load_encoder
from elmo_core.reading.comparison import compare
from elmo_core.reading.rows import COLUMNS, cells, records, to_jsonl
from elmo_core.reading.samples import SampleSurprise, measure_samples
from elmo_core.reading.text import read_text

SENTENCES = [
    ["The", "bank", "raised", "rates", "!"],
    ["river"],
    ["the", "raised", "zebra", "\x01", "banks"],
]
BOTH = 2


@pytest.fixture(scope="module")
def encoder(random_bert: Path):
    return load_encoder(random_bert, device="cpu")


@pytest.fixture(scope="module")
def read(encoder):
    return read_text(encoder, SENTENCES, n_expected=3)


@pytest.fixture(scope="module")
def samples(encoder) -> SampleSurprise:
    return measure_samples(encoder, 1)


@pytest.fixture(scope="module")
def log_probabilities(random_bert: Path):
    """Sub-words of some words by the library itself, and log p of all sub-words in a masked place."""
    import transformers

    model = transformers.AutoModelForMaskedLM.from_pretrained(random_bert).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(random_bert)

    def of(words, masked, place):
        encoded = tokenizer(words, is_split_into_words=True)
        ids = list(encoded["input_ids"])
        for at in masked:
            ids[at] = tokenizer.mask_token_id
        with torch.inference_mode():
            logs = model(input_ids=torch.tensor([ids])).logits[0, place].log_softmax(dim=0)
        return encoded["input_ids"], logs

    return of


def test_a_word_is_masked_and_its_sub_words_are_predicted_from_left_to_right(read, log_probabilities):
    first = read.sentences[0]  # [CLS] the bank rais ##ed rate ##s ! [SEP]
    wanted = []
    for places in ([1], [2], [3, 4], [5, 6], [7]):
        total = 0.0
        for number, place in enumerate(places):
            ids, logs = log_probabilities(SENTENCES[0], places[number:], place)
            total += float(logs[ids[place]])
        wanted.append(-total / math.log(2))
    np.testing.assert_allclose(first.bits[BOTH], wanted, atol=1e-4)
    assert np.isnan(first.bits[:2]).all() and first.sides == read.sides == ("both",)
    assert not first.is_unknown.any()
    assert read.sentences[2].is_unknown.tolist() == [False, False, True, True, False]


def test_whole_words_are_expected_in_the_place_of_a_word(read, log_probabilities):
    _, logs = log_probabilities(["The", "bank", "!", "rates", "!"], [3], 3)  # one mask for raised
    ranked = [number for number in logs.argsort(descending=True).tolist() if number in (5, 6, 7, 8, 11, 12)]
    found = read.sentences[0].expected("both", 2)
    assert [read.sentences[0].words.index(one.word) for one in found] == ranked[:3]
    assert [one.probability for one in found] == pytest.approx(logs.exp()[ranked[:3]].tolist(), abs=1e-5)
    assert read.sentences[0].expected("left", 2) == []


def test_blocks_and_batches_give_the_same_and_a_job_can_be_cancelled(encoder, read, monkeypatch):
    monkeypatch.setattr(masked_likelihoods, "_MOST_RUNS", 2)
    monkeypatch.setattr(likelihoods, "_TOKENS_PER_BLOCK", 5)
    shares: list[float] = []
    again = read_text(encoder, SENTENCES, n_expected=0, report=lambda _, share: shares.append(share))
    np.testing.assert_allclose(again.bits, read.bits, atol=1e-4)
    assert again.sentences[0].expected("both", 0) == []
    assert shares == sorted(shares) and shares[-1] == 1 and len(shares) > 5

    def stop(doing: str, share: float) -> None:
        raise CancelledError(doing)

    with pytest.raises(CancelledError):
        read_text(encoder, SENTENCES, report=stop)


def test_a_long_sentence_is_read_in_windows(encoder):
    words = ["the", "bank", "raised", "river", "rate"] * 12
    bits = read_text(encoder, [words], n_expected=0).bits[BOTH]
    assert bits.shape == (60,) and (bits > 0).all()
    alone = read_text(encoder, [words[:18]], n_expected=0).bits[BOTH]  # the first window
    np.testing.assert_allclose(bits[:10], alone[:10], atol=1e-4)


def test_the_perplexity_is_that_of_all_words_and_of_no_direction(read, samples):
    found = read.perplexity
    assert found.mean == pytest.approx(2 ** read.bits[BOTH].mean(dtype=np.float64), rel=1e-5)
    assert (found.n_predictions, found.unknown_share) == (11, pytest.approx(2 / 11))
    assert math.isnan(found.forward) and math.isnan(found.backward)
    percentiles = samples.percentiles(read.bits)
    assert np.isnan(percentiles[:2]).all() and 0 <= percentiles[BOTH].min() <= percentiles[BOTH].max() <= 100


def test_rows_are_empty_where_a_side_is_not_predicted_from(read, samples):
    row = dict(zip(COLUMNS, next(iter(cells(read, samples, 2))), strict=True))
    assert row["left_bits"] is None and row["right_percentile"] is None and row["expected_left"] == ""
    assert row["both_bits"] == pytest.approx(read.bits[BOTH, 0], abs=1e-3) and " | " in row["expected_both"]
    line = json.loads(next(to_jsonl(records(read, samples, 2))))
    assert line["left_bits"] is None and line["expected_right"] == []


def test_two_kinds_of_models_do_not_compare_and_say_so(read, elmo):
    pair = compare(read_text(elmo, SENTENCES, n_expected=0), read)
    assert "pseudo-perplexity, does not compare" in pair.say_vocabularies()
    assert pair.shared_perplexities() is None
    assert np.isnan(pair.differences("left")).all() and not np.isnan(pair.differences("both")).all()
    assert compare(read, read).say_vocabularies() == ""


def test_the_command_reads_with_it_alone_and_beside_a_bilm(random_bert: Path):
    run = CliRunner().invoke
    alone = run(app, ["read", str(random_bert), "The bank raised rates.", "-n", "1"])
    assert alone.exit_code == 0, alone.output
    assert alone.stdout.splitlines()[1].startswith("1,1,The,no,,,")
    beside = run(app, ["read", "tiny", "The bank raised rates.", "--compare", str(random_bert)])
    assert beside.exit_code == 0 and "pseudo-perplexity" in " ".join(beside.stderr.split())


def test_one_without_a_head_says_why_it_cannot(headless_bert: Path):
    with pytest.raises(ConfigError, match="without a masked-LM head"):
        read_text(load_encoder(headless_bert, device="cpu"), "The bank")
