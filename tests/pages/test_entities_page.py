"""The page of entities, run without a browser, on the tiny model."""

from __future__ import annotations

import gzip
import time
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from elmo_core.embedder import load_elmo
from elmo_core.learning.inside.span_differences import KINDS
from elmo_core.learning.tags.results import LAYER_0, TagComparisonSettings
from elmo_core.learning.tags.task import TagTask
from elmo_core.learning.verdict import verdict
from elmo_core.learning.workflow import compare_taggers
from pages.common.job import Job
from pages.entities.data import Corpus, sample
from pages.entities.work import TagComparison, curve
from tests.pages.driver import captions, checked, job_of, open_page, texts
from tests.pages.gestures import PATIENCE_S

SMALL = "".join(
    f"{name}\tB-PER\nleft\tO\n{place}\tB-LOC\n.\tO\n\n"
    for name in ("Ann", "Bob", "Cara", "Dan", "Eve")
    for place in ("Oslo", "Rome", "Lima")
).encode()


def opened(**address: str) -> AppTest:
    """The page, with few passes of few methods."""
    few = {"entities_passes": 2, "entities_methods": ["look-up", "feature CRF", "learned mix"]}
    return open_page("entities", few, **address)


def trained(app: AppTest, owner: str = "entities", most_s: float = PATIENCE_S) -> AppTest:
    end = time.monotonic() + most_s
    while not job_of(app, owner).is_over:
        assert time.monotonic() < end
        time.sleep(0.05)
    return checked(app.run())


def with_files(*contents: tuple[str, bytes]) -> AppTest:
    app = checked(opened().segmented_control(key="entities_source").set_value("My file").run())
    for key, (name, content) in zip(("entities_train", "entities_test"), contents, strict=False):
        app = app.file_uploader(key=key).upload(name, content, "text/plain").run()
    return checked(app)


def own(content: bytes = SMALL, name: str = "own.conll") -> AppTest:
    app = with_files((name, content))
    return trained(app.button(key="entities_start").click().run())


def labelled(app: AppTest, label: str) -> Any:
    (found,) = [box for box in app.selectbox if box.label == label]
    return found


def looked_at(app: AppTest, view: str) -> AppTest:
    return checked(app.segmented_control(key="view").set_value(view).run())


def html_of(app: AppTest) -> str:
    return " ".join(element.proto.body for element in app.get("html"))


def test_it_opens_on_the_sample_and_answers():
    app = opened()
    assert "220 sentences to learn from" in texts(app)
    assert app.button(key="entities_start").disabled
    app = trained(app)
    assert "a difference of" in texts(app)
    names = [str(value) for value in app.dataframe[0].value["method"]]
    assert names == ["look-up", "feature CRF", "learned mix"]
    assert set(app.dataframe[1].value["label"]) == {"PER", "LOC", "ORG", "DATE"}
    assert len(app.get("plotly_chart")) == 4
    again = opened()  # another session finds what the first one has computed
    assert "a difference of" in texts(again)
    assert "entities" not in again.session_state["_visitor"].state.get("jobs", {})


def test_with_the_shipped_model_it_opens_on_a_marked_sentence_and_can_learn_anew():
    app = checked(open_page("entities", model="english-small"))
    assert html_of(app).count("<mark") == 5
    assert "5 names found" in captions(app) and "Kept results of taggers with 32 cells" in captions(app)
    assert "is better than the feature CRF" in texts(app)
    assert "entities" not in app.session_state["_visitor"].state.get("jobs", {})
    assert not app.button(key="entities_start").disabled
    app = checked(app.button(key="entities_fails").click().run())
    assert "Apple" in html_of(app)


def test_without_a_file_it_says_what_to_do():
    app = checked(opened().segmented_control(key="entities_source").set_value("My file").run())
    assert "Choose a file with tagged sentences" in texts(app)
    assert "B-PER" in app.code[0].value


def test_a_file_of_ones_own_is_learned_and_compared():
    app = with_files(("own.conll", SMALL))
    assert "12 sentences to learn from" in texts(app)
    assert "Ann" in html_of(app)
    app = trained(app.button(key="entities_start").click().run())
    assert "Too few test sentences to tell: with 3" in texts(app)
    app = looked_at(app, "Differences")
    app = checked(app.selectbox(key="entities_method").set_value("look-up").run())
    assert "No difference" in texts(app) or "of" in texts(app)


def test_two_files_and_bad_lines():
    bad = SMALL + b"\nfirst of three\n\n"
    app = with_files(("own.conll", bad), ("test.conll", SMALL))
    assert "15 sentences to learn from" in texts(app)
    assert "15 to test on" in texts(app)
    assert "1 sentence skipped" in texts(app)
    assert any(button.label == "Skipped rows" for button in app.get("download_button"))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.conll", b"\n", "is empty"),
        ("prose.txt", b"just a few lines\nof prose are here now\nand not tags\n", "do not agree"),
        ("words.conll", b"Ann\n\nBob\n", "single column"),
        ("one.conll", b"Ann B-PER\nleft O\n", "at least two"),
        ("<b>*x*.conll", b"Ann O\n\nBob O\n", "nothing to learn"),
    ],
)
def test_unusable_files_get_one_sentence(name: str, content: bytes, message: str):
    app = with_files((name, content))
    assert message in texts(app)
    assert not app.get("progress")


def test_differences_show_both_and_text_is_escaped():
    lines = SMALL + b"<b>x</b>\tB-PER\nleft\tO\n![a](http://x)\tB-LOC\n\n" * 2
    app = with_files(("own.conll", lines), ("test.conll", lines))
    app = trained(app.button(key="entities_start").click().run())
    app = looked_at(app, "Differences")
    app = checked(app.selectbox(key="entities_method").set_value("learned mix").run())
    frame = app.dataframe[-1].value
    assert {"kind", "gold", "predicted", "confidence", "sentence"} <= set(frame.columns)
    assert set(frame["kind"]) <= set(KINDS)
    shown = html_of(app)
    assert "<b>x</b>" not in shown
    pills = app.get("button_group")[-1]
    assert pills is not None
    app = looked_at(app, "Take away")
    labels = {button.label for button in app.get("download_button")}
    assert {"CSV", "CoNLL", "JSONL", "Text (HTML)", "Tagger (.zip)"} <= labels
    assert "ElmoTagger('tiny'" in " ".join(code.value for code in app.code)


def test_typed_text_is_tagged_and_nothing_is_said_plainly():
    app = checked(own().text_area(key="entities_typed").set_value("Ann left <i>Oslo</i>.").run())
    assert "&lt;" in html_of(app)
    assert "found" in texts(app)
    app = checked(app.text_area(key="entities_typed").set_value(" ").run())
    assert "Type a sentence" in texts(app)


def test_learning_curve_and_a_file_to_tag():
    app = looked_at(own(), "More sentences?")
    app = trained(app.button(key="entities_curve_start").click().run(), "entities_curve")
    assert "the last doubling (to 12 sentences)" in texts(app)
    app = looked_at(app, "Take away")
    text = b"Ann left Oslo.\n\nBob slept. Eve left Rome.\n"
    app = checked(app.file_uploader(key="entities_to_tag").upload("new.txt", text, "text/plain").run())
    app = trained(app.button(key="entities_file_start").click().run(), "entities_file")
    assert "3 sentences" in texts(app)
    packed = gzip.compress("Zoë left Oslo.\n".encode("cp1252") * 3)
    app = checked(app.file_uploader(key="entities_to_tag").upload("new.txt.gz", packed).run())
    app = trained(app.button(key="entities_file_start").click().run(), "entities_file")
    assert "Encoding guessed" in texts(app)


def test_columns_and_the_scheme_are_guessed_said_and_can_be_chosen():
    lines = "".join(f"B\t{name}\nO\tleft\n\n" for name in ("Ann", "Bob", "Cara", "Dan", "Eve")).encode()
    app = with_files(("own.bio", lines))
    assert "Tokens are in column 2, tags in column 1" in texts(app)
    assert "the tags name no type" in texts(app).lower()
    assert "span 4" in texts(app)
    app = checked(labelled(app, "Scheme").set_value("plain").run())
    assert "classes of tokens" in texts(app)
    app = checked(labelled(app, "Token").set_value("tag").run())
    assert labelled(app, "Tag").value == "token"
    other = "".join(f"{name} B-PER\nleft O\n\n" for name in ("Zoë", "Bob", "Cara", "Dan", "Eve"))
    app = checked(app.file_uploader(key="entities_train").upload("b.txt", other.encode("cp1252")).run())
    assert labelled(app, "Token").value == "token"
    assert labelled(app, "Scheme").value == "found out"
    assert "Encoding guessed" in texts(app)
    app = checked(labelled(app, "Encoding").set_value("utf-8").run())
    assert "is not utf-8" in texts(app)
    assert labelled(app, "Encoding").value == "utf-8"


def test_word_classes_run_through_the_same_page():
    words: Any = (("we", "PRON"), ("see", "VERB"), ("trees", "NOUN"))
    content = "".join("".join(f"{word}\t{tag}\n" for word, tag in words) + "\n" for _ in range(8)).encode()
    app = own(content)
    assert "accuracy" in texts(app)
    assert "classes of tokens" in texts(app)


def test_cancel_and_no_method():
    app = with_files(("own.conll", SMALL * 40))
    app = app.button(key="entities_start").click().run()
    job = job_of(app, "entities")
    job.cancel()
    app = trained(app)
    assert "was cancelled" in texts(app)
    app = checked(app.multiselect(key="entities_methods").set_value([]).run())
    assert "methods must be" in texts(app)


def test_a_file_of_ones_own_static_vectors():
    app = opened()
    app.multiselect(key="entities_methods").set_value(["static only"])
    checked(app.segmented_control(key="entities_static").set_value("a file of mine").run())
    assert "Choose a file of vectors" in texts(app)
    content = b"Marta 1 0 0\nBergen 0 1 0\nbroken 1\nthe 0 0 1\n"
    app = checked(app.file_uploader(key="entities_vectors").upload("glove.txt", content, "text/plain").run())
    assert "3 words of width 3" in texts(app)
    app = trained(app)
    app.segmented_control(key="view").set_value("Take away").run()
    (cell,) = [code.value for code in app.code if "ElmoTagger(" in code.value]
    assert "load_vectors_file(Path('glove.txt')" in cell and "static=static" in cell


def test_a_kept_comparison_reads_its_sentences_before_its_learning_curve():
    whole, settings = sample(), TagComparisonSettings(methods=(LAYER_0,), max_epochs=1, hidden=8)
    corpus = Corpus("part", whole.train.take(range(20)), whole.test.take(range(5)), is_sample=True)
    task = TagTask(load_elmo("tiny"), corpus.train, corpus.test, settings)
    results = tuple(compare_taggers(task))
    fresh = TagTask(load_elmo("tiny"), corpus.train, corpus.test, settings)
    points = curve(TagComparison(corpus, fresh, results, verdict(results)), LAYER_0, Job("key", "title"))
    assert [point.n_train for point in points] == [10, 20]
    assert points[-1].scores.value == results[0].scores.value
