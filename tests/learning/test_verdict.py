"""Verdicts: what their sentences say is what their numbers say, over many tables of scores."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from elmo_core.learning.calibration import calibration
from elmo_core.learning.results import Difference, SkippedMethod
from elmo_core.learning.tags.results import BOTH, FEATURES, LOOK_UP, TagResult
from elmo_core.learning.tags.scores import score_tags
from elmo_core.learning.texts.results import LEARNED, MAJORITY, STATIC, TFIDF, UNIFORM, TextResult
from elmo_core.learning.texts.scores import compare, macro_f1, score, shuffled_f1
from elmo_core.learning.verdict import verdict
from elmo_core.measuring.chance import p_value
from elmo_core.measuring.intervals import Estimate
from elmo_core.measuring.splitting import stratified_folds

CLASSES = ("a", "b", "c")


def table(gold: list[int], guesses: dict[str, list[int]], **options: int) -> list[TextResult]:
    """Results of methods that predicted these classes."""
    codes, found = np.array(gold), []
    for name, guess in guesses.items():
        rows, p = np.arange(len(gold)), np.eye(3)[guess]
        result = TextResult(
            method=name, needs_model=name in (UNIFORM, LEARNED), rows=rows, gold=codes, classes=CLASSES,
            probabilities=p, scores=score(codes, np.array(guess), 3), calibration=calibration(p, codes),
            seed=0, n_train=9, **options,
        )  # fmt: skip
        found.append(with_differences(result, found, (TFIDF, STATIC)))
    return found


def with_differences(result, earlier, baselines):
    """A result compared with the baselines before it, as the engine does."""
    against = {one.method: result.compare(one) for one in earlier if one.method in baselines}
    return replace(result, against=against)


def with_gap(difference: float, low: float, high: float, p: float, n_methods: int = 1, **scores: float):
    """Two methods that beat chance, with a given difference."""
    gold = [0, 1, 2] * 20
    tfidf, learned = table(gold, {TFIDF: gold, LEARNED: gold})
    f1 = Estimate(0.8 + difference, 0.0, 1.0)
    learned = replace(
        learned,
        scores=replace(learned.scores, value=f1),
        against={TFIDF: Difference(Estimate(difference, low, high), p)},
    )
    tfidf = replace(tfidf, scores=replace(tfidf.scores, value=Estimate(0.8, 0.7, 0.9)))
    return [tfidf, *(replace(learned, method=f"{LEARNED} {n}") for n in range(n_methods))]


@given(
    st.integers(1, 40).flatmap(
        lambda n: st.tuples(
            *[st.lists(st.integers(0, 2), min_size=n, max_size=n)] * 2,
            st.lists(st.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0]), min_size=3, max_size=3),
            st.integers(0, 9),
        )
    )
)
@settings(max_examples=60, deadline=None)
def test_no_sentence_contradicts_its_numbers(drawn):
    gold, noise, shares, seed = drawn
    rng = np.random.default_rng(seed)
    guesses = {
        name: np.where(rng.random(len(gold)) < share, gold, noise).tolist()
        for name, share in zip((TFIDF, UNIFORM, LEARNED), shares, strict=True)
    }
    results = table(gold, guesses)
    found = verdict(results)
    best = max(results, key=lambda one: one.scores.macro_f1.value)
    top = max(results[1:], key=lambda one: one.scores.macro_f1.value)
    gap = top.against[TFIDF]
    is_better = gap.value.low > 0 and gap.p_value * 2 <= 0.05
    is_worse = gap.value.high < 0 and gap.p_value * 2 <= 0.05
    says = found.sentence.startswith
    assert (found.kind in ("guessing", "too few")) == (found.p_value > 0.05)
    assert says("No better than guessing") == (found.kind == "guessing")
    if found.kind == "guessing":
        assert best.scores.macro_f1.value < 1 and len(set(gold)) > 1
    if found.p_value <= 0.05:
        assert (found.kind == "elmo better") == is_better
        assert (found.kind == "reference better") == is_worse
        assert says(f"{top.method} is better than TF-IDF") == is_better
        assert says("TF-IDF is better") == is_worse
        as_good = max(-gap.value.low, gap.value.high) <= 0.05
        assert not says("TF-IDF is as good") or (as_good and gap.value.low <= 0 <= gap.value.high)
    assert 0 < found.p_value <= 1
    assert found.sentence.endswith(".") and found.best == best.method


@pytest.mark.parametrize(
    ("gold", "kind", "said"),
    [
        ([0], "too few", "there is one test text"),
        ([0, 1], "too few", "Too few test texts to tell: with 2"),
        ([0, 0, 1], "too few", "Too few test texts to tell: with 3"),  # of 120 texts, macro-F1 100
        ([0] * 30, "too few", "all 30 test texts have one label"),
        ([0] * 18 + [1], "too few", "with 19"),
        ([0] * 40 + [1], "as good", "as good"),
        ([0, 1, 2] * 2, "as good", "as good"),
        ([0, 1] * 6, "as good", "as good"),
    ],
)
def test_predictions_without_a_mistake_are_never_guessing(gold, kind, said):
    found = verdict(table(gold, {MAJORITY: [0] * len(gold), TFIDF: gold, LEARNED: gold}))
    assert found.kind == kind
    assert said in found.sentence


@pytest.mark.parametrize(
    ("gap", "kind", "said"),
    [
        ((0.1, 0.02, 0.2, 0.001), "elmo better", "is better than TF-IDF"),
        ((-0.1, -0.2, -0.02, 0.001), "reference better", "TF-IDF is better here"),
        ((0.1, 0.01, 0.2, 0.012, 8), "undecided", "p = 0.012, which counts 8 times"),
        ((0.1, 0.01, 0.2, 0.06), "undecided", "but p = 0.060."),
        ((-0.1, -0.2, -0.01, 0.06), "undecided", "Not shown to be worse than TF-IDF"),
        ((0.1, -0.01, 0.2, 0.01), "undecided", "Not told apart from TF-IDF"),
        ((0.3, -0.1, 0.6, 0.2), "undecided", "Not told apart from TF-IDF"),
        ((0.01, -0.02, 0.04, 0.4), "as good", "TF-IDF is as good here"),
        ((0.0, 0.0, 0.0, 1.0), "as good", "TF-IDF is as good here"),
        ((0.02, -0.001, 0.05, 0.03), "as good", "TF-IDF is as good here"),
    ],
)
def test_methods_on_the_bilm_against_tfidf(gap, kind, said):
    found = verdict(with_gap(*gap))
    assert found.kind == kind
    assert said in found.sentence


def test_what_else_is_said():
    tfidf, learned = with_gap(0.1, 0.02, 0.2, 0.001)
    assert verdict([SkippedMethod(TFIDF, "no time")]).kind == "no comparison"
    assert verdict([tfidf]).kind == "no comparison"
    flat = replace(tfidf, method=STATIC, scores=replace(tfidf.scores, value=Estimate(0.99, 0.9, 1)))
    learned = replace(learned, against=learned.against | {STATIC: Difference(Estimate(-0.1, -0.2, 0.0), 0.2)})
    assert f"not shown to be better than {STATIC} (99.0)" in verdict([flat, tfidf, learned]).sentence
    level = replace(learned, against=learned.against | {TFIDF: Difference(Estimate(0, -0.01, 0.01), 1.0)})
    assert f"that of {STATIC}, without a biLM: 99.0" in verdict([flat, tfidf, level]).sentence
    assert "5 of 9 texts" in verdict([tfidf, replace(learned, n_train=5)]).sentence
    beside = verdict([replace(one, n_beside_training=7) for one in (tfidf, learned)]).sentence
    assert "7 of 60 test texts are nearly the same as a training text" in beside


def tagged(gold, guesses: dict[str, list], *, is_spans: bool = True) -> list[TagResult]:
    """Results of methods that tagged so."""
    found: list[TagResult] = []
    for name, guess in guesses.items():
        result = TagResult(
            method=name, needs_model=name.startswith(BOTH), rows=np.arange(len(gold)), is_spans=is_spans,
            gold=tuple(map(tuple, gold)), predicted=tuple(map(tuple, guess)), seed=0, n_train=9,
            scores=score_tags(gold, guess, is_spans=is_spans),
        )  # fmt: skip
        found.append(with_differences(result, found, (LOOK_UP, FEATURES)))
    return found


def test_taggers_are_judged_by_the_same_policy():
    gold = [["B-PER", "I-PER", "O"], ["O", "B-LOC"], ["O", "O", "B-LOC", "O"], ["O", "B-PER"]] * 8
    nothing = [["O"] * len(tags) for tags in gold]
    half = [tags if row % 2 else nothing[row] for row, tags in enumerate(gold)]
    found = verdict(tagged(gold, {LOOK_UP: nothing, FEATURES: half, BOTH: gold}))
    assert found.kind == "elmo better"
    assert found.sentence.startswith("learned mix + static is better than the feature CRF: span F1 100.0")
    assert 0 < found.chance < 1
    assert "not shown" not in found.sentence
    level = verdict(tagged(gold, {LOOK_UP: gold, FEATURES: half, BOTH: gold}))
    assert level.kind == "elmo better"
    assert level.sentence.endswith("It is not shown to be better than look-up (100.0), without a biLM.")
    assert verdict(tagged(gold, {FEATURES: gold, BOTH: half})).kind == "reference better"
    assert verdict(tagged(gold, {FEATURES: half, BOTH: half})).kind == "as good"
    assert "better than look-up" in verdict(tagged(gold, {LOOK_UP: nothing, BOTH: gold})).sentence
    assert verdict(tagged(gold, {FEATURES: half})).kind == "no comparison"
    blind = verdict(tagged(gold, {FEATURES: nothing, BOTH: nothing}))
    assert (blind.kind, blind.p_value) == ("guessing", 1.0)
    assert verdict(tagged(gold[:2], {FEATURES: half[:2], BOTH: gold[:2]})).kind == "too few"
    plain = [["N", "N"]] * 9
    assert "have one tag" in verdict(tagged(plain, {FEATURES: plain, BOTH: plain}, is_spans=False)).sentence


def test_tags_without_meaning_pass_in_at_most_one_comparison_of_twenty():
    """Sentences of several lengths, tagged at random and predicted at random by five methods."""
    rng = np.random.default_rng(4)
    names = (LOOK_UP, FEATURES, BOTH, f"{BOTH} 2", f"{BOTH} 3")
    n_passed = 0
    for _ in range(100):
        lengths = rng.integers(1, 9, 30)
        gold, *guesses = [[rng.choice(["O", "B-A", "B-B"], n).tolist() for n in lengths] for _ in range(6)]
        n_passed += verdict(tagged(gold, dict(zip(names, guesses, strict=True)))).p_value <= 0.05
    assert n_passed <= 0.05 * 100 + 3 * np.sqrt(100 * 0.05 * 0.95)


def test_picking_the_best_of_many_does_not_raise_the_level():
    """Ten methods that guess: the best one alone would pass in a third of cases."""
    rng = np.random.default_rng(0)
    passed, alone = 0, 0
    for _ in range(200):
        gold = rng.integers(0, 2, 40)
        guesses = rng.integers(0, 2, (10, 40))
        golds = rng.permuted(np.tile(gold, (200, 1)), axis=1)
        drawn = np.array([shuffled_f1(golds, one, 2) for one in guesses])
        own = np.array([macro_f1(gold, one, 2) for one in guesses])
        passed += p_value(own.max(), drawn.max(axis=0)) <= 0.05
        alone += p_value(own.max(), drawn[own.argmax()]) <= 0.05
    assert passed <= 0.05 * 200 + 3 * np.sqrt(200 * 0.05 * 0.95)
    assert alone > 40


def test_two_methods_that_are_equally_good_differ_in_at_most_one_case_of_twenty():
    rng = np.random.default_rng(1)
    n_found = 0
    for seed in range(120):
        gold = rng.integers(0, 3, 60)
        one, other = (np.where(rng.random(60) < 0.7, gold, rng.integers(0, 3, 60)) for _ in range(2))
        n_found += compare(gold, one, other, 3, seed).p_value <= 0.05
    assert n_found <= 0.05 * 120 + 3 * np.sqrt(120 * 0.05 * 0.95)


def test_labels_without_meaning_pass_in_at_most_one_cross_validation_of_twenty():
    """Shuffles are widened on folds; a method that is hardly ever wrong passes all the same."""
    n_passed = 0
    for seed in range(150):
        rng = np.random.default_rng(seed)
        codes, inputs = rng.permutation(np.arange(60) % 2), rng.normal(size=(60, 4))
        folds = stratified_folds(codes, 5, seed)
        rows = np.concatenate([fold.test for fold in folds])
        fits = [LogisticRegression().fit(inputs[fold.train], codes[fold.train]) for fold in folds]
        guess = np.concatenate(
            [fit.predict(inputs[fold.test]) for fit, fold in zip(fits, folds, strict=True)]
        )
        (result,) = table(codes[rows].tolist(), {TFIDF: guess.tolist()}, n_folds=5)
        n_passed += verdict([result]).p_value <= 0.05
    assert n_passed <= 0.05 * 150 + 3 * np.sqrt(150 * 0.05 * 0.95)
    gold = [0, 1] * 12
    assert verdict(table(gold, {TFIDF: [*gold[:20], 1, 0, 0, 1]}, n_folds=3)).p_value <= 0.05
    assert verdict(table(gold, {TFIDF: gold}, n_folds=3)).kind == "no comparison"


def test_p_values_count_what_was_observed():
    assert p_value(1.0, np.zeros(19)) == pytest.approx(0.05)
    assert p_value(0.0, np.zeros(19)) == 1.0
    assert p_value(0.5, np.array([0.4, 0.5, 0.6])) == pytest.approx(3 / 4)


def test_shuffles_are_scored_like_predictions():
    rng = np.random.default_rng(2)
    gold, guess = rng.integers(0, 4, 50), rng.integers(0, 4, 50)
    golds = rng.permuted(np.tile(gold, (5, 1)), axis=1)
    expected = [macro_f1(one, guess, 4) for one in golds]
    np.testing.assert_allclose(shuffled_f1(golds, guess, 4), expected)


def test_a_thousand_classes_are_scored():
    rng = np.random.default_rng(3)
    gold = rng.integers(0, 1000, 800)
    guess = np.where(rng.random(800) < 0.6, gold, rng.integers(0, 1000, 800))
    other = np.where(rng.random(800) < 0.3, gold, rng.integers(0, 1000, 800))
    assert score(gold, guess, 1000).accuracy.value == pytest.approx((gold == guess).mean())
    assert compare(gold, guess, other, 1000).p_value < 0.001
