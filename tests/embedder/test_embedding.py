"""What everybody calls: the same vectors always, for every kind of token, of any length."""

from __future__ import annotations

import itertools
import random
import resource
import subprocess
import sys
import threading

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import elmo_core.embedding.engine as engine
from elmo_core.config import BiLMConfig
from elmo_core.embedder import Elmo, load_elmo
from elmo_core.exceptions import CancelledError, ConfigError, InputError, ModelError
from elmo_core.nn.bilm import BiLM
from elmo_core.weights.store import StoredModel
from elmo_core.weights.tiny import random_model, tiny_model

WORDS = [
    "the",
    "bank",
    "of",
    "a",
    "river",
    "raised",
    "rates",
    "and",
    "we",
    "sat",
    "there",
    ",",
    "quietly",
    ".",
    "é",
    "🙂",
    "Straße",
]


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("shape", ["projected", "sums in blocks", "without projection"])
def test_the_same_bits_whatever_stands_beside_a_sentence(dtype, shape):
    changes = {
        "projected": {},
        "sums in blocks": {"lstm_dim": 1024, "projection_dim": 128},
        "without projection": {"projection_dim": 32},
    }[shape]
    config = BiLMConfig.from_dict({**tiny_model().model.config.to_dict(), **changes})
    stored = StoredModel("random", random_model(config, seed=3), None)
    elmo, sentences = Elmo(stored, dtype=dtype), sentences_of(21, seed=4)
    for sentence, together in zip(sentences, elmo.embed(sentences), strict=True):
        np.testing.assert_array_equal(together.layers, elmo.embed([sentence])[0].layers)
    assert stored.model.directions[0][0].weight_hidden is not None  # the caller's model stays whole


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize(
    ("cells", "width"), [(31, 9), (32, 9), (31, 31), (50, 20), (33, 10), (17, 6), (7, 3), (1, 1)]
)
def test_within_rounding_whatever_stands_beside_a_sentence_where_widths_are_odd(dtype, cells, width):
    changes = {"lstm_dim": cells, "projection_dim": width}
    config = BiLMConfig.from_dict({**tiny_model().model.config.to_dict(), **changes})
    elmo = Elmo(StoredModel("random", random_model(config, seed=3), None), dtype=dtype)
    sentences = [*sentences_of(5, seed=4), WORDS[:1], WORDS[:5], WORDS[:14], WORDS * 2]
    for sentence, together in zip(sentences, elmo.embed(sentences), strict=True):
        alone = elmo.embed([sentence])[0]
        assert_close(together, alone, atol=1e-6 if dtype == "float32" else 0.05)


def sentences_of(n, seed=0, longest=30):
    choose = random.Random(seed)
    return [[choose.choice(WORDS) for _ in range(choose.randint(1, longest))] for _ in range(n)]


def assert_close(ours, theirs, atol=1e-6):
    assert ours.tokens == theirs.tokens
    np.testing.assert_allclose(ours.layers, theirs.layers, atol=atol, rtol=0)


def test_shapes_types_and_order(elmo):
    found = elmo.embed(["The bank raised rates.", ["Tokens", "as", "a", "list"], "", []])
    assert found[0].tokens == ["The", "bank", "raised", "rates", "."]
    assert found[1].tokens == ["Tokens", "as", "a", "list"]
    assert [item.layers.shape for item in found] == [(3, 5, 16), (3, 4, 16), (3, 0, 16), (3, 0, 16)]
    assert found[0].layers.dtype == np.float32
    assert (elmo.n_layers, elmo.dim) == (3, 16)
    np.testing.assert_array_equal(found[0].layers[0][:, :8], found[0].layers[0][:, 8:])


def test_a_sentence_does_not_depend_on_its_batch(elmo):
    sentences = sentences_of(32)
    together = elmo.embed(sentences)
    shuffled = list(range(32))
    random.Random(1).shuffle(shuffled)
    in_other_order = elmo.embed([sentences[i] for i in shuffled])
    for place, index in enumerate(shuffled):
        assert_close(together[index], elmo.embed([sentences[index]])[0])
        assert_close(together[index], in_other_order[place])
    for first, second in zip(together, elmo.embed(sentences), strict=True):
        np.testing.assert_array_equal(first.layers, second.layers)


def test_a_stream_gives_the_vectors_of_one_call_block_by_block(elmo, monkeypatch):
    monkeypatch.setattr("elmo_core.embedding.blocks._BLOCK_SENTENCES", 5)
    sentences, shares = [*sentences_of(11), "Two. Sentences.", ""], []
    found = list(elmo.stream(sentences, report=lambda doing, share: shares.append(share)))
    assert [len(block) for block in found] == [5, 5, 3]
    for ours, theirs in zip(itertools.chain(*found), elmo.embed(sentences), strict=True):
        assert_close(ours, theirs)
    assert shares == sorted(shares) and shares[-1] == 1
    with pytest.raises(InputError, match="Sentence 7 is a int"):
        list(elmo.stream([*sentences[:7], 7]))
    for wrong in ("one string", 3):
        with pytest.raises(InputError, match="A list of sentences is wanted"):
            elmo.stream(wrong)
    with pytest.raises(InputError, match="Progress"):
        elmo.stream(iter(sentences), report=print)


def test_the_number_of_threads_changes_no_bit(elmo):
    stored = tiny_model()
    sentences = sentences_of(40, seed=3)
    for one, two in zip(
        Elmo(stored, threads=1).embed(sentences), Elmo(stored, threads=2).embed(sentences), strict=True
    ):
        np.testing.assert_array_equal(one.layers, two.layers)


def test_calls_at_the_same_time_equal_calls_in_turn(elmo):
    groups = [sentences_of(10, seed=seed) for seed in range(4)]
    expected = [elmo.embed(group) for group in groups]
    results: list = [None] * 4

    def work(index):
        results[index] = elmo.embed(groups[index])

    threads = [threading.Thread(target=work, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for group, wanted in zip(results, expected, strict=True):
        for ours, theirs in zip(group, wanted, strict=True):
            assert_close(ours, theirs)


LENGTHS = ["", "a", "x" * 48, "y" * 49, "z" * 500]
ODD = ["🙂", "👩‍👩‍👧", "\u00e9", "e\u0301", "שלום", "مرحبا", "\0", "a\0b", "\ud800", "\n", " "]
ODD_TOKENS = [*LENGTHS, *ODD]


@pytest.mark.parametrize("token", ODD_TOKENS, ids=range(len(ODD_TOKENS)))
def test_every_token_has_the_vector_of_its_bytes(elmo, token):
    """Alone, between others, and as the module computes it from the official character ids."""
    encoded = token.encode("utf-8", "ignore")[:48]
    row = [259, *(byte + 1 for byte in encoded), 260]
    row += [261] * (50 - len(row))
    with torch.no_grad():
        wanted = elmo.model.encode(torch.tensor([row]))[0].numpy()
    (alone, between) = elmo.embed([[token], ["the", token, "bank"]])
    np.testing.assert_allclose(alone.layers[0, 0, :8], wanted, atol=1e-6)
    np.testing.assert_allclose(between.layers[0, 1, 8:], wanted, atol=1e-6)
    assert between.tokens == ["the", token, "bank"]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.text(max_size=60), max_size=6), max_size=5))
def test_any_tokens_at_all(sentences):
    found = load_elmo("tiny").embed(sentences)
    assert [item.tokens for item in found] == sentences
    assert all(np.isfinite(item.layers).all() for item in found)


def test_a_sentence_of_50_000_tokens():
    stored = tiny_model()
    config = BiLMConfig.from_dict({**stored.model.config.to_dict(), "n_layers": 1})
    elmo = Elmo(StoredModel("one layer", BiLM(config).eval(), None))
    choose = random.Random(5)
    tokens = [choose.choice(WORDS) for _ in range(50_000)]
    elmo.embed([tokens[:100]])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    (found,) = elmo.embed([tokens])
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert found.layers.shape == (2, 50_000, 16)
    assert grown < 6.4 + 60  # MB: the result, and little else
    # the backward half of a prefix needs the whole text, the forward half does not
    (prefix,) = elmo.embed([tokens[:300]])
    np.testing.assert_allclose(found.layers[:, :300, :8], prefix.layers[:, :, :8], atol=1e-6)
    (suffix,) = elmo.embed([tokens[-300:]])
    np.testing.assert_allclose(found.layers[:, -300:, 8:], suffix.layers[:, :, 8:], atol=1e-6)


@pytest.mark.parametrize("chunk", [1, 7, 64])
def test_cuts_over_time_are_invisible(elmo, chunk):
    sentences = sentences_of(9, seed=8, longest=40)
    small = Elmo(tiny_model())
    small._engine.sizes = engine.Sizes(words=3, rows=4, chunk=chunk)
    for ours, theirs in zip(small.embed(sentences), elmo.embed(sentences), strict=True):
        assert_close(ours, theirs)


def test_carry_goes_on_row_by_row_and_leaves_idle_rows_alone(elmo):
    sentences = sentences_of(5, seed=2)
    both = elmo.embed(sentences, state="carry", batch_size=2)
    for row in (0, 1):  # each row is a stream of its own
        alone = elmo.embed(sentences[row::2], state="carry", batch_size=1)
        for ours, theirs in zip(both[row::2], alone, strict=True):
            assert_close(ours, theirs)
    assert_close(both[0], elmo.embed(sentences[:1])[0])  # a call starts from zero
    assert np.abs(both[2].layers[1:] - elmo.embed(sentences[2:3])[0].layers[1:]).max() > 1e-4
    np.testing.assert_array_equal(
        both[4].layers, elmo.embed(sentences, state="carry", batch_size=2)[4].layers
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"char_cnn": None},
        {"projection_dim": 32},
        {"use_skip_connections": False},
        {"n_layers": 1},
        {"cell_clip": None, "projection_clip": None},
    ],
)
def test_other_shapes(changes):
    stored = tiny_model()
    config = BiLMConfig.from_dict({**stored.model.config.to_dict(), **changes})
    torch.manual_seed(0)
    other = Elmo(StoredModel("other", BiLM(config).eval(), stored.vocabulary, {}))
    sentences = sentences_of(6)
    for alone, together in zip(sentences, other.embed(sentences), strict=True):
        assert together.layers.shape == (config.n_outputs, len(alone), config.output_dim)
        assert_close(other.embed([alone])[0], together)


def test_words_by_number_need_a_vocabulary():
    config = BiLMConfig.from_dict({**tiny_model().model.config.to_dict(), "char_cnn": None})
    with pytest.raises(ModelError, match=r"came without one"):
        Elmo(StoredModel("words", BiLM(config).eval(), None, {}))


def test_bfloat16_is_close(elmo):
    half = load_elmo("tiny", dtype="bfloat16")
    assert (elmo.dtype, half.dtype) == ("float32", "bfloat16")
    for ours, theirs in zip(half.embed(sentences_of(5)), elmo.embed(sentences_of(5)), strict=True):
        a, b = ours.layers.reshape(-1, 16), theirs.layers.reshape(-1, 16)
        cosines = (a * b).sum(axis=1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
        assert cosines.min() > 0.995  # 16 dimensions of random weights


def test_mix(elmo):
    (found,) = elmo.embed([["a", "bank"]])
    np.testing.assert_allclose(found.mix(), found.layers.mean(axis=0), atol=1e-6)
    wanted = 2.0 * (found.layers[0] + 3 * found.layers[2]) / 4
    np.testing.assert_allclose(found.mix(weights=(1, 0, 3), gamma=2.0), wanted, atol=1e-6)
    for weights in [(1, 2), (1, -1, 0), (np.nan, 1, 1), "abc"]:
        with pytest.raises(InputError, match="weights of a mix"):
            found.mix(weights=weights)
    with pytest.raises(InputError, match="gamma"):
        found.mix(gamma=float("inf"))
    with pytest.raises(InputError, match="gamma must be a finite number, got 'x'"):
        found.mix(gamma="x")


@pytest.mark.parametrize("given_", ["a bare string", b"bytes", 7, [1, 2], [["a", 3]], [None]])
def test_what_is_no_list_of_sentences_is_explained(elmo, given_):
    with pytest.raises(InputError):
        elmo.embed(given_)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"state": "warm"}, "state must be"),
        ({"state": "carry"}, "give batch_size"),
        ({"batch_size": 0}, "batch_size must be"),
    ],
)
def test_impossible_options(elmo, options, message):
    with pytest.raises(InputError, match=message):
        elmo.embed([["a"]], **options)


def test_impossible_machines():
    with pytest.raises(ConfigError):
        load_elmo("tiny", dtype="float8")
    with pytest.raises(ConfigError):
        load_elmo("tiny", device="toaster")
    with pytest.raises(ConfigError, match="threads"):
        load_elmo("tiny", threads=0)


def test_progress_reaches_the_end_and_can_cancel(elmo):
    seen = []
    elmo.embed(sentences_of(50), progress=lambda done, total: seen.append((done, total)))
    assert seen == sorted(seen)
    assert seen[-1][0] == seen[-1][1] == sum(len(sentence) for sentence in sentences_of(50))

    def stop(done, total):
        raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        elmo.embed(sentences_of(50), progress=stop)
    assert_close(elmo.embed([["a"]])[0], load_elmo("tiny").embed([["a"]])[0])


def test_importing_the_package_is_quick():
    code = "import sys, elmo_core; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_texts_are_levelled_and_lists_of_tokens_are_not(elmo):
    straight, curly = elmo.embed(
        ["Ann's caf\u00e9 isn't here.", "Ann\u2019s cafe\u0301 isn\u2019t\u00a0he\u00adre."]
    )
    assert straight.tokens == curly.tokens == ["Ann", "'s", "caf\u00e9", "isn", "'t", "here", "."]
    np.testing.assert_array_equal(straight.layers, curly.layers)
    tokens = ["Ann", "\u2019s", "cafe\u0301", "he\u00adre"]
    (given,) = elmo.embed([tokens])
    assert given.tokens == tokens
    assert not np.array_equal(given.layers[0, 1], straight.layers[0, 1])
