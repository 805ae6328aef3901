"""The page of contextual and static vectors, run without a browser, on the tiny model."""

from __future__ import annotations

import ast
import gzip
import io
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import expect
from streamlit.testing.v1 import AppTest

from elmo_core.contrast.text_space import views_of
from elmo_core.senses.uses import find_uses
from pages.common.chosen_model import model_name
from pages.common.loaders import load_model, sample
from pages.common.openings import opening_contrast
from tests.pages.driver import chart, checked, open_page, texts, wait_until
from tests.pages.gestures import PATIENCE_S, settle


def opened(**address: str) -> AppTest:
    return waited(open_page("static", **{"term": "play", **address}))


def waited(app: AppTest) -> AppTest:
    """The page after a rerun, once no job is under way."""
    checked(app.run())
    return wait_until(lambda page: not any(button.label == "Cancel" for button in page.button), app)


def columns(app: AppTest) -> list[list[str]]:
    """The words of each column of the figure."""
    words = [trace["text"] for trace in chart(app)["data"] if trace.get("mode") == "markers+text"]
    return [[word.strip() for word in column] for column in words]


def test_it_opens_on_the_word_with_the_largest_contrast_and_offers_the_one_with_the_least():
    app = waited(open_page("static"))
    drawn, chosen = columns(app), opening_contrast(model_name())
    assert [len(words) for words in drawn] == [10, 10, 10]
    shared = len(set(drawn[1]) & set(drawn[2]))
    assert f"{chosen.word}: {shared} of 10 nearest words shared by two sentences" in texts(app)
    assert f"all 46 uses of {chosen.word} are equally near" in texts(app)
    app.button(key="static_fails").click()
    fails = waited(app)
    assert fails.text_input(key="term").value == chosen.fails
    assert len(set(columns(fails)[1]) & set(columns(fails)[2])) >= shared
    assert not [button for button in fails.button if button.key == "static_fails"]


def test_a_sentence_brought_alone_is_compared_with_one_of_another_sense():
    uses = find_uses(sample().text.sentences, "play", sample().text.labels_of("play")).uses
    app = waited(open_page("static", {"static_word": "play"}, term="play", first=uses[0].text))
    other = app.text_input(key="second").placeholder
    assert other != uses[0].text
    assert next(use.label for use in uses if use.text == other) != uses[0].label


def test_a_second_sentence_changes_its_column_and_leaves_the_static_one():
    app = opened()
    before = columns(app)
    app.text_input(key="second").set_value("They will play a waltz on two old pianos tonight.")
    after = columns(waited(app))
    assert after[:2] == before[:2] and after[2] != before[2]


def test_a_sentence_without_the_word_is_one_sentence():
    app = opened()
    app.text_input(key="first").set_value("Nothing here.")
    assert "does not use" in texts(waited(app))


def test_a_word_that_is_not_there_gives_the_nearest_spellings():
    app = waited(open_page("static", term="bankk"))
    assert "bankk is not in this text" in texts(app) and "(empty)" not in texts(app)
    app.button(key="static_near_bank").click()
    assert "all 46 uses of bank" in texts(waited(app))


def test_another_word_starts_with_sentences_of_its_own():
    app = opened()
    app.text_input(key="first").set_value("I play.")
    waited(app)
    app.button(key="static_word_0").click()
    app = waited(app)
    assert app.text_input(key="term").value == "bank" and app.text_input(key="first").value == ""
    assert "all 46 uses of bank" in texts(app)


def test_the_context_is_one_way_to_compare_and_no_index_holds_it():
    app = opened(contextual="Context")
    assert len(columns(app)[1]) == 10 and "By Context these are the nearest" in texts(app)
    assert "with_context=True" in " ".join(code.value for code in app.code)
    app.segmented_control(key="show").set_value("A large corpus")
    assert "choose a layer or the mix above" in texts(waited(app))


@pytest.mark.parametrize("kind", ["Layer 0 (token)", "Type average", "word2vec of this text"])
def test_other_static_vectors(kind: str):
    app = opened()
    app.selectbox(key="static").select(kind)
    assert len(columns(waited(app))[0]) == 10


def test_a_file_of_vectors_is_read_and_its_faults_are_told():
    app = opened()
    app.selectbox(key="static").select("A file of vectors")
    app = waited(app)
    assert "Choose a file of vectors" in texts(app)
    content = b"play 1 0 0\ngame 1 1 0\nbroken 1\nriver 0 0 1\n"
    app.file_uploader(key="static_vectors").upload("glove.txt", content, "text/plain")
    app = waited(app)
    assert "3 words of width 3" in texts(app) and "line 3: wrong width" in texts(app)
    assert columns(app)[0] == ["game", "river"]


def test_the_ranking_is_in_order_and_offers_its_words():
    app = opened()
    app.segmented_control(key="show").set_value("Most context-sensitive")
    app = waited(app)
    assert list(app.dataframe[0].value.columns)[:3] == ["word", "uses", "mean cosine"]
    assert app.dataframe[0].value["high"].is_monotonic_increasing
    links = [link.proto for link in app.get("page_link")]
    assert [link.label for link in links][:3] == app.dataframe[0].value["word"].tolist()[:3]
    assert app.session_state["senses_is_own"] is False


def test_scores_of_senses_show_the_static_vector_at_chance():
    app = opened()
    app.segmented_control(key="show").set_value("Scores")
    table = waited(app).dataframe[0].value
    assert table["source"][0].startswith("Static: ") and table["score"][0] == 0.5
    assert table["source"].tolist()[1:] == list(views_of(load_model(model_name())))


@pytest.mark.parametrize(("task", "rows"), [("Word similarity", 4), ("Odd one out", 4), ("Analogies", 4)])
def test_word_scores_have_coverage(task: str, rows: int):
    app = opened()
    app.segmented_control(key="show").set_value("Scores")
    waited(app)
    app.segmented_control(key="task").set_value(task)
    table = waited(app).dataframe[0].value
    assert len(table) == rows and table["coverage"].str.contains(" known").all()


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("a.txt", "café river 3\nriver stream 9\nking queen 8\n".encode("cp1252"), "read as cp1252"),
        ("a.tsv", "river\tstream\t9\nking\tqueen\t8\n".encode("utf-16"), "2 pairs separated by tabs"),
        ("a.csv.gz", gzip.compress(b"river;stream;9,5\r\nking;queen;8\r\n"), "by semicolons"),
        ("a.txt", b"", "is empty"),
        ("a.txt", b"\x89PNG\r\n\x1a\n", "is a picture"),
    ],
)
def test_a_list_of_pairs_is_read_as_every_other_file(name: str, content: bytes, found: str):
    app = opened()
    app.segmented_control(key="show").set_value("Scores")
    app.run()
    app.segmented_control(key="task").set_value("Word similarity")
    app.run()
    app.file_uploader(key="static_list_Word similarity").upload(name, content).run()
    assert not app.exception
    assert found in texts(app)
    assert [box.label for box in app.selectbox].count("Encoding") == 1


def test_a_file_of_vectors_keeps_its_name():
    app = opened()
    app.selectbox(key="static").select("A file of vectors")
    app.run()
    app.file_uploader(key="static_vectors").upload("../my vectors.txt", b"river 1 x\nbank y 2\n")
    assert "my_vectors.txt" in texts(waited(app.run()))


def test_one_of_several_files_of_vectors_in_an_archive_is_chosen():
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("wide.txt", "river 1 0 0\nmoney 0 1 0\nthe 0 0 1\n")
        archive.writestr("narrow.txt", "river 1 0\nmoney 0 1\n")
    app = opened()
    app.selectbox(key="static").select("A file of vectors").run()
    app.file_uploader(key="static_vectors").upload("both.zip", content.getvalue())
    assert "3 words of width 3" in texts(waited(app.run()))
    (member,) = [box for box in app.selectbox if box.label == "File in the archive"]
    member.set_value("narrow.txt")
    assert "2 words of width 2" in texts(waited(app))


def test_a_broken_list_is_one_sentence():
    app = opened()
    app.segmented_control(key="show").set_value("Scores")
    waited(app)
    app.segmented_control(key="task").set_value("Word similarity")
    waited(app)
    app.text_area(key="static_typed_Word similarity").set_value("a b 1\na b")
    assert "Line 2 must be two words and a number" in texts(waited(app))


def test_a_corpus_is_indexed_and_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr("pages.static.index._ROOT", tmp_path)
    monkeypatch.setenv("ELMO_LOCAL_FILES", "on")
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("We saw a play at the theatre.\nThe children play outside.\nNobody.\n")
    app = opened()
    app.segmented_control(key="show").set_value("A large corpus")
    app = waited(app)  # the sample is small enough to be indexed without asking
    assert "7,417 uses" in texts(app) and list(app.dataframe[0].value.columns[:3]) == ["left", "use", "right"]
    app.text_input(key="static_pattern").set_value(str(tmp_path / "none*.txt"))
    assert "none" in texts(waited(app))
    app.text_input(key="static_pattern").set_value(str(corpus))
    assert "on one core" in texts(waited(app))
    app.button(key="static_index_start").click()
    app = waited(app)
    assert "12 uses" in texts(app) and "all compared" in texts(app)
    assert app.dataframe[0].value["use"].tolist() == ["play", "play"]
    assert set(app.dataframe[0].value["file"]) == {"corpus.txt"}
    app.text_input(key="static_origin").set_value("other.txt")
    assert "No use in the index meets these conditions" in texts(waited(app))
    corpus.write_text(corpus.read_text().replace("children", "monkeys!"))  # of the same size
    assert "on one core" in texts(waited(app))


def test_without_a_text_of_ones_own_it_asks_for_one():
    app = opened()
    app.button(key="static_own").click()
    assert "Paste some sentences" in texts(waited(app))


def test_own_text_is_compared():
    app = opened()
    app.button(key="static_own").click()
    waited(app)
    app.text_area(key="static_pasted").set_value(
        "The bank is shut. A river bank. The town has a bank. Money, money!"
    )
    app.button(key="static_paste").click()
    app = waited(app)
    assert len(columns(app)) == 3


@pytest.mark.browser
def test_typing_a_second_sentence_changes_one_column(visit):
    page = visit("/static?term=play")
    words = page.locator(".js-plotly-plot .textpoint text")
    expect(words).to_have_count(30, timeout=1000 * PATIENCE_S)
    before = words.all_text_contents()
    page.get_by_label("Another one").fill("They will play a waltz on two old pianos tonight.")
    page.keyboard.press("Enter")
    expect(words.nth(20)).not_to_have_text(before[20], timeout=1000 * PATIENCE_S)
    settle(page)
    after = words.all_text_contents()
    assert after[:20] == before[:20] and after[20:] != before[20:]


@pytest.mark.browser
def test_a_word_of_the_ranking_opens_in_word_senses(visit):
    page = visit("/static?show=Most+context-sensitive")
    link = page.get_by_test_id("stMain").get_by_test_id("stPageLink-NavLink").first
    word = link.inner_text(timeout=1000 * PATIENCE_S).split()[-1]
    link.click()
    expect(page.get_by_role("heading", name="One word, many meanings")).to_be_visible(
        timeout=1000 * PATIENCE_S
    )
    expect(page.get_by_label("Word", exact=True)).to_have_value(word, timeout=1000 * PATIENCE_S)


@pytest.mark.parametrize(
    "kind", ["word2vec, shipped", "Layer 0 (token)", "Type average", "word2vec of this text"]
)
def test_the_python_cell_finds_what_is_on_screen(kind: str, capsys: pytest.CaptureFixture[str]):
    app = opened(static=kind, contextual="Layer 1")
    (cell,) = [code.value for code in app.code if "load_elmo" in code.value]
    exec(compile(cell, "cell", "exec"), {})
    printed = [ast.literal_eval(line) for line in capsys.readouterr().out.splitlines()]
    assert printed == columns(app)
