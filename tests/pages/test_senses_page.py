"""The page of word senses, run without a browser, on the tiny model."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from streamlit.typing import PlotlyState

from elmo_core.embedding.reading import TokenisedText
from elmo_core.geometry import projection
from elmo_core.senses.labelled_groups import to_json
from elmo_core.senses.unfamiliar_text import Familiarity
from elmo_core.senses.uses import find_uses
from elmo_core.serving.shared import SharedElmo
from elmo_core.text import unpacking
from elmo_core.text.tokenisation import split_sentences
from pages.common import loaders, sense_data
from pages.common.concordance import context_frame, left_key
from pages.common.openings import opening
from pages.senses import story
from pages.senses.examples import sentences_to_try
from tests.pages.driver import (
    alt,
    captions,
    chart,
    checked,
    job_of,
    messages,
    open_page,
    texts,
    wait_until_over,
)

SAMPLE = Path(__file__).parents[2] / "data" / "samples" / "senses.csv"
TEN = (
    "The crane lifted steel. A crane flew over. The crane nested by the lake. Their crane broke down.\n"
    "A grey crane danced. One crane was hired. The crane stood in water. The crane swung a beam.\n"
    "Each crane needs a licence. No crane sings."
)


def opened(**address: str) -> AppTest:
    """The page with a word of the sample by PCA, which needs no job."""
    return open_page("senses", **{"projection": "PCA", "word": "play", **address})


def with_own_text() -> AppTest:
    return checked(opened(word="").button(key="senses_own").click().run())


def pasted(text: str, app: AppTest | None = None) -> AppTest:
    app = app or with_own_text()
    app.text_area(key="senses_pasted").set_value(text)
    return checked(app.button(key="senses_paste").click().run())


def uploaded(name: str, content: bytes) -> AppTest:
    app = with_own_text()
    return checked(app.file_uploader(key="senses_file").upload(name, content, "text/plain").run())


def table_of(app: AppTest) -> Any:
    """The concordance."""
    return next(frame.value for frame in app.dataframe if "word" in frame.value.columns)


def test_it_opens_on_a_word_already_drawn():
    app = opened(word="")
    word = opening("tiny")
    assert alt(app).startswith(f"Map of 46 uses of {word} by Context (")
    assert f"A language model read 46 sentences with *{word}*." in texts(app)
    assert sentences_to_try(word)[0].rstrip(".") in texts(app)  # the example in the field, with its answer


def test_what_is_seen_comes_first_and_the_method_last():
    app = opened(word="bank")
    names = [trace["name"] for trace in chart(app)["data"]]
    assert names == ["financial institution (23)", "river edge (23)", "your sentence"]
    assert list(table_of(app).columns) == ["left", "word", "right", "sense"]
    assert re.fullmatch(r"Senses (not )?told apart: \d+% \(guessing: \d+%\)", app.subheader[0].value)
    assert "of 46 uses lie nearest to their own sense by context (95% interval" in captions(app)
    assert "**Without labels:** no groups proven." in texts(app)
    assert "No evidence of more than one group: " in texts(app)  # behind "How do we know?"
    assert "Trustworthiness 0." in captions(app)
    assert "are placed rightly like this (guessing: 50%)" in captions(app)
    (strip,) = [one.proto.body for one in app.get("html") if "Senses told apart by view" in one.proto.body]
    assert all(view in strip for view in ("Layer 0 (token)", "Layer 1", "Layer 2", "Context"))
    misplaced = app.button(key="senses_misplaced")
    app = checked(misplaced.click().run())
    n = int(misplaced.label.split()[2])
    assert len(app.session_state["senses_selection"].ids) == n


def test_an_example_goes_with_its_word_and_others_are_a_click_away():
    app = opened(word="bank")
    app = checked(app.button(key="senses_try_0").click().run())
    assert app.text_input(key="sentence").value == "The bank was steep and muddy."
    app = checked(app.button(key="senses_word_1").click().run())
    assert app.text_input(key="sentence").value == ""
    assert app.text_input(key="sentence").placeholder == sentences_to_try("spring")[0]


def test_a_text_in_another_language_is_warned_about(monkeypatch: pytest.MonkeyPatch):
    known = Familiarity(100, 0.5, 0.1)
    monkeypatch.setattr(story, "familiarity", lambda uses, vocabulary: known)
    assert "50% of their words are not in its vocabulary" in messages(pasted(TEN))


def test_an_address_is_a_view():
    app = opened(
        word="seal", layer="LSTM layer 2", projection="PCA", groups="3", seed="7", part="Layers", sort="Group"
    )
    assert alt(app).startswith("Map of 46 uses of seal by Layer 2 (PCA)")
    assert app.number_input(key="seed").value == 7
    assert len([field for field in app.text_input if field.key.startswith("senses_name_")]) == 3
    assert "3 groups are shown because you asked for them" in messages(app)
    assert list(table_of(app)["group"]) == sorted(
        table_of(app)["group"], key=list(dict.fromkeys(table_of(app)["group"])).index
    )


def test_nonsense_in_the_address_falls_back():
    app = opened(layer="Layer 9", part="x", groups="99", method="x")
    assert "by Context (PCA)" in alt(app)


def test_a_layer_keeps_the_frame_and_moves_the_dots():
    first, second = (chart(opened(layer=f"Layer {n}", projection="PCA")) for n in (1, 2))
    assert first["layout"]["xaxis"]["range"] == second["layout"]["xaxis"]["range"]
    assert first["data"][0]["x"] != second["data"][0]["x"]
    assert "46 uses share one place" in captions(opened(layer="Layer 0 (token)", projection="PCA"))


def test_the_model_reads_a_text_once(monkeypatch: pytest.MonkeyPatch):
    opening("tiny")  # reads the sample, once for all visitors
    read = []
    layers_of = SharedElmo.layers_of

    def counted(self: SharedElmo, texts: Sequence[TokenisedText], **options: Any) -> object:
        read.extend(text for text in texts if "crane" in text.tokens)
        return layers_of(self, texts, **options)

    monkeypatch.setattr(SharedElmo, "layers_of", counted)
    app = pasted(TEN + " A crane is tall.")
    assert len(read) == 11 + 5 * 11  # each use once, and in five shuffled texts
    for control, value in (
        ("layer", "Layer 1"),
        ("groups", "3"),
        ("method", "Density"),
        ("projection", "PCA"),
        ("colour", "Groups"),
        ("part", "Layers"),
        ("part", "Nearest uses"),
        ("part", "Change"),
    ):
        app = checked(app.segmented_control(key=control).set_value(value).run())
    assert len(read) == 66


def test_groups_can_be_asked_for_named_and_selected():
    app = opened(groups="2", word="bat")
    fields = [field for field in app.text_input if (field.key or "").startswith("senses_name_")]
    assert len(fields) == 2
    app = checked(fields[0].set_value("**flying** ones").run())
    assert chart(opened(groups="2", word="bat", colour="Groups"))["data"][0]["name"] != "flying"
    app = checked(app.segmented_control(key="colour").set_value("Groups").run())
    assert chart(app)["data"][0]["name"].startswith("**flying** ones (")
    assert set(table_of(app)["group"]) >= {"**flying** ones"}
    app = checked(app.button(key="senses_select_0").click().run())
    chosen = app.session_state["senses_selection"].ids
    assert f"**{len(chosen)} of 46 uses selected**" in [element.value for element in app.markdown]
    assert list(table_of(app)["group"][: len(chosen)]) == ["**flying** ones"] * len(chosen)


def test_umap_is_drawn_beside_the_page(monkeypatch: pytest.MonkeyPatch):
    may_end = threading.Event()

    def umap(points: np.ndarray, nearest: object, start: np.ndarray, *others: object) -> np.ndarray:
        may_end.wait(30)
        return start.astype(np.float32)

    monkeypatch.setattr(projection, "_umap", umap)
    monkeypatch.setattr(sense_data._Pace, "has_umap", False)  # as before the first UMAP of a server
    app = opened(word="plant", seed="11", projection="Automatic")
    job = job_of(app, "senses_umap")
    assert "(PCA)" in alt(app)
    assert app.button(key="senses_umap_cancel").label == "Cancel"
    job.cancel()
    may_end.set()
    wait_until_over(job)
    app = checked(app.run())
    assert job.state == "cancelled"
    assert "UMAP cancelled; this is PCA." in captions(app)
    app = checked(app.button(key="senses_umap_again").click().run())
    wait_until_over(job_of(app, "senses_umap"))
    app = checked(app.run())
    assert "(UMAP)" in alt(app)
    assert "UMAP keeps neighbours together (15 neighbours, distance 0.1, seed 11)" in captions(app)


def test_many_uses_are_read_by_a_job(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sense_data, "_STUDIED_PER_S", 5)
    monkeypatch.setattr(sense_data._Pace, "uses_per_s", None)
    app = pasted(TEN + " A crane is blue. A crane is red.")
    for owner in ("study", "cuts"):
        job = job_of(app, f"senses_{owner}")
        wait_until_over(job)
        assert job.state == "done"
        app = checked(app.run())
    assert alt(app) == "Map of 12 uses of crane by Context (PCA)."


def test_the_density_method_and_the_evidence():
    app = opened(method="Density")
    assert app.segmented_control(key="groups").disabled
    assert "**Without labels:** no groups proven." in texts(app)
    app = opened(word="light")
    assert len(app.get("plotly_chart")) == 2
    measures = next(frame.value for frame in app.dataframe if "measure" in frame.value.columns)
    assert list(measures["measure"]) == ["adjusted Rand index", "V-measure", "nearest centroid"]
    assert list(measures.columns) == ["measure", "value", "chance", "null"]


def test_layers_are_compared_with_their_nulls():
    app = opened(part="Layers")
    assert "Of 46 uses, " in captions(app)
    assert "with the senses shuffled, 35% by always naming" in captions(app)
    assert "carry no labelled senses" in captions(opened(word="water", part="Layers"))


def test_the_nearest_uses_stand_beside_the_static_vector():
    app = opened(part="Nearest uses")
    headings = [element.value for element in app.markdown]
    for view in ("Context", "Layer 0 (token)", "Layer 1", "Layer 2", "Static vector"):
        assert f"**{view}**" in headings
    assert "or more uses are equally near" in captions(app)
    assert "The same for every use of the word" in captions(app)


def test_a_sentence_lands_on_the_map():
    app = opened(word="bank", part="What if", groups="2", sentence="He sat on the bank and fished.")
    star = chart(app)["data"][-1]
    assert star["name"] == "your sentence"
    posterior = next(frame.value for frame in app.dataframe if "both" in frame.value.columns)
    assert posterior["both"].sum() == pytest.approx(1)
    assert "Words that decide most" in captions(app)
    app = checked(app.text_input(key="sentence").set_value("No such word.").run())
    assert "must hold the word itself" in messages(app)
    app = checked(app.button(key="senses_edit").click().run())
    assert "bank" in app.text_input(key="sentence").value
    assert chart(app)["data"][-1]["name"] == "your sentence"
    app = pasted(TEN)
    app = checked(app.text_input(key="sentence").set_value("My crane sings.").run())
    assert "Nearest use: " in texts(app)


def test_parts_of_a_text_are_compared():
    app = opened(word="bank", part="Change", groups="2")
    assert app.selectbox(key="column").options == ["sense", "half of the text"]
    measures = next(frame.value for frame in app.dataframe if "p (Holm)" in frame.value.columns)
    assert list(measures["compared"]) == ["financial institution / river edge"] * 3
    assert "999 shuffles" in captions(app)
    content = "text,year\n" + "".join(f"The bank {n} fell.,{1900 + n % 2}\n" for n in range(14))
    app = uploaded("mine.csv", content.encode())
    app = checked(app.text_input(key="word").set_value("bank").run())
    app = checked(app.segmented_control(key="part").set_value("Change").run())
    assert app.selectbox(key="column").options == ["year", "half of the text"]
    assert "needs two values" not in messages(app)
    few = pasted(TEN.replace("crane", "heron"))
    few = checked(few.segmented_control(key="part").set_value("Change").run())
    assert "999 shuffles" in captions(few)


def test_few_uses_are_drawn_without_groups():
    app = pasted("The crane fell. A crane rose. One crane. Crane! Her crane. A crane.")
    assert app.subheader[0].value == "6 uses are too few to look for groups"
    assert "collect ten or more" in messages(app)
    assert chart(app)["data"]


def test_a_pasted_text_is_drawn_at_once():
    app = pasted(TEN)
    assert alt(app) == "Map of 10 uses of crane by Context (PCA)."
    assert app.button(key="senses_word_0").label == "crane"
    back = checked(app.button(key="senses_own").click().run())
    assert len(table_of(back)) == 46


def test_a_file_of_tagged_tokens_is_a_text():
    lines = "".join(
        "\n".join(f"{word}\tO" for word in text.split()) + "\n\n" for text in split_sentences(TEN)
    )
    app = uploaded("own.conll", lines.encode())
    assert alt(app) == "Map of 10 uses of crane by Context (PCA)."
    (cell,) = [code.value for code in app.code if "load_elmo" in code.value]
    assert "as_text(read_token_path(Path('own.conll')))" in cell


def test_several_words_patterns_and_inflections():
    assert "Map of 92 uses of bank, spring by" in alt(opened(word="bank, spring", projection="PCA"))
    assert len(table_of(opened(word="/spr.ng/", projection="PCA"))) >= 46
    assert "is not a regular expression" in messages(opened(word="/(/"))
    assert "No word of this text matches" in messages(opened(word="/qqq.*/"))
    alone, all_forms = (
        len(find_uses(loaders.sample().text.sentences, "hand", inflections=inflected).uses)
        for inflected in (False, True)
    )
    assert 0 < alone < all_forms
    assert alt(opened(word="hand", inflections="true")).startswith(f"Map of {all_forms} uses of hand by")


def test_a_sample_of_the_uses_says_so():
    app = opened(word="the", most="100", projection="PCA")
    assert "100 of " in captions(app)
    assert "uses, drawn at random (seed 42)." in captions(app)


def test_the_table_is_sorted_by_context():
    right = list(table_of(opened(sort="Right context"))["right"])
    assert right == sorted(right, key=str.casefold)
    left = [text.casefold().split()[::-1] for text in table_of(opened(sort="Left context"))["left"]]
    firsts = [words[0] if words else "" for words in left]
    assert firsts == sorted(firsts)


def test_groups_of_a_file_take_the_place_of_those_found():
    app = opened(word="bat")
    source = loaders.sample()
    uses = find_uses(source.text.sentences, "bat")
    content = to_json(uses, [use.id % 2 for use in uses.uses], ("even", "odd"), {})
    app = checked(app.file_uploader(key="senses_groups_file").upload("g.json", content).run())
    assert "The groups shown are those of the loaded file." in messages(app)
    assert set(table_of(app)["group"]) == {"even", "odd"}
    app = checked(app.file_uploader(key="senses_groups_file").upload("g.json", b"{}").run())
    assert "holds no sense groups" in messages(app)


def test_the_python_cell_draws_the_same_map():
    app = opened(word="bat", layer="Layer 1", projection="PCA", groups="2", colour="Groups")
    (cell,) = [code.value for code in app.code if "load_elmo" in code.value]
    names: dict[str, Any] = {}
    body, _, last = cell.rpartition("\n")
    exec(compile(body, "cell", "exec"), names)
    figure = json.loads(eval(last, names).to_json())
    assert figure["data"][0]["name"] == chart(app)["data"][0]["name"]
    assert figure["data"][0]["x"] == chart(app)["data"][0]["x"]


def test_an_encoding_is_guessed_and_said():
    text = "Das Schloss war schön. Ein Schloß fiel. Das Schloss hängt an der Tür. Größer als das Schloss! "
    app = uploaded("alt.txt", (text * 4).encode("latin-1"))
    assert "alt.txt is not UTF-8; read as " in messages(app)
    assert alt(app).startswith("Map of 16 uses of schloss")


def test_the_model_says_what_it_is():
    app = opened()
    assert "This model has random weights" in messages(app)


def test_a_broken_model_is_one_sentence(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ELMO_MODEL", "no-such-model")
    assert "no-such-model" in messages(opened())


def test_other_words_are_one_click_away():
    app = opened()
    words = [app.button(key=f"senses_word_{number}").label for number in range(10)]
    assert words == ["bank", "spring", "light", "bat", "crane", "seal", "plant", "charge", "draw", "bear"]
    app = checked(app.button(key="senses_word_1").click().run())
    assert app.text_input(key="word").value == "spring"
    assert [trace["name"] for trace in chart(app)["data"]] == [
        "coil (15)",
        "season (16)",
        "water source (15)",
        "your sentence",
    ]


def test_a_word_that_is_not_there_gives_the_nearest_spellings():
    app = opened(word="banc")
    assert "banc is not in this text. The nearest spellings" in messages(app)
    near = app.button(key="senses_near_bank")
    assert near.label == "bank (46)"
    app = checked(near.click().run())
    assert len(table_of(app)) == 46


def test_no_word_is_near():
    assert "and no word is spelt like it" in messages(opened(word="qqqqzz"))


def test_a_phrase_is_one_use_and_the_page_says_how():
    app = checked(opened(word="THE bank", projection="PCA"))
    assert set(table_of(app)["word"].str.lower()) == {"the bank"}
    assert any("counts as one" in one.value for one in app.caption)
    assert not any("counts as one" in one.value for one in opened(word="bank", projection="PCA").caption)


def test_a_query_inside_a_token_is_explained():
    assert "a part of" in messages(opened(word="spr")) and "finds them" in messages(opened(word="/spr/"))


def test_too_few_uses_are_shown_without_a_map():
    app = opened(word="canoe")
    assert "A map needs at least 3 uses; canoe has " in messages(app)
    assert not app.get("plotly_chart")
    assert list(table_of(app)["word"]) == ["canoe"] * len(table_of(app))


def test_an_empty_text_asks_for_one():
    assert "Paste some sentences or choose a file" in messages(with_own_text())


def test_a_text_without_the_word():
    app = pasted(TEN)
    assert "not in this text" in messages(app.text_input(key="word").set_value("bank").run())


def test_the_sample_itself_can_be_uploaded():
    app = uploaded("mine.csv", SAMPLE.read_bytes())
    boxes = {box.key.rsplit("_", 2)[1]: box.value for box in app.selectbox if box.key.endswith("_column")}
    columns = [boxes[name] for name in ("text", "label", "word")]
    assert columns == ["sentence", "sense", "word"]
    app = checked(app.text_input(key="word").set_value("crane").run())
    assert [trace["name"] for trace in chart(app)["data"]] == ["bird (23)", "machine (23)"]


def test_columns_without_names_are_numbered_and_odd_rows_counted():
    content = "1,The bank fell.\n2,A bank rose.\n3,a,b\n4,My bank.\n5,Our bank.\n"
    app = uploaded("a.csv", content.encode())
    assert "columns numbered" in captions(app)
    assert "1 of 5 rows skipped: 1 (3 cells where the table has 2 columns" in messages(app)
    assert app.get("plotly_chart")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", b" ", "is empty"),
        ("a.txt", b"\x00\x01\x02", "is not a text file"),
        ("a.csv", b"id,n\n1,2\n", "has no column of text"),
        ("a.csv", b"text\n", "holds no rows"),
    ],
)
def test_unusable_files_are_one_sentence(name: str, content: bytes, message: str):
    app = uploaded(name, content)
    assert len(app.error) == 1
    assert message in app.error[0].value


def test_a_file_that_is_too_large(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(unpacking, "MAX_BYTES", 1_100_000)
    assert "a file may have up to 1 MB" in messages(uploaded("a.txt", b"bank " * 300_000))


def test_words_of_users_are_no_markup():
    app = uploaded("<b>![](x).csv", b"%PDF-1.7")
    assert app.error[0].value.startswith(r"\<b\>\!\[\]\(x\)\.csv is a PDF")


def test_a_lasso_ticks_and_lists_the_rows():
    app = opened()
    before = app.get("plotly_chart")[0].proto.spec
    points = [{"customdata": 7}, {"customdata": [3]}]
    app.session_state["senses_map"] = PlotlyState({"selection": {"points": points, "box": [], "lasso": []}})
    app.session_state["senses_selection"] = app.session_state["senses_selection"].by_map((3, 7), 46)
    app = checked(app.run())
    assert app.get("plotly_chart")[0].proto.spec == before
    assert "**2 of 46 uses selected**" in [element.value for element in app.markdown]
    assert list(table_of(app).index[:3]) == [3, 7, 0]
    app = checked(app.button(key="senses_clear").click().run())
    assert "Lasso or click dots in the map" in captions(app)


def test_a_text_gets_its_own_results():
    """The same word in two texts of one session: nothing of the first shows up in the second."""
    app = pasted(TEN)
    assert "Map of 10 uses of crane" in alt(app)
    first = chart(app)["data"][0]["x"]
    app = pasted(TEN.replace("lifted steel", "fell") + " The crane. A crane.", app)
    assert "Map of 12 uses of crane" in alt(app)
    assert chart(app)["data"][0]["x"] != first


def test_the_link_carries_selection_and_names():
    app = opened(groups="2", selected="3.7.x.4000", names='["river", "<b>money"]')
    assert list(table_of(app).index[:3]) == [3, 7, 0]
    assert set(table_of(app)["group"]) == {"river", "<b>money"}
    links = [code.value for code in app.code if code.value.startswith("http") or "selected=" in code.value]
    assert any("selected=3.7" in link and "names=%5B%22river" in link for link in links)
    app = checked(app.button(key="senses_clear").click().run())
    assert not any("selected=" in code.value for code in app.code)


def test_selected_uses_open_in_both_worlds_with_their_text():
    app = pasted("The old bank was shut. We sat on the bank of a river. A bank pays. No bank is open.")
    assert not [one for one in app.button if one.label.startswith("Compare with")]
    ticked = {"selection": {"rows": [1, 2], "columns": [], "cells": []}}
    app.session_state["senses_table"] = ticked
    app.session_state["senses_selection"] = replace(
        app.session_state["senses_selection"], ids=(1, 2), highlighted=(1, 2), first=(1, 2)
    )
    checked(app.run())
    checked(app.button(key="senses_both_worlds").click().run())
    assert app.session_state["static_is_own"] is True
    assert app.session_state["static_word"] == "bank"
    assert [app.query_params[name] for name in ("term", "first", "second")] == [
        "bank", "We sat on the bank of a river.", "A bank pays."
    ]  # fmt: skip


def test_the_panel_of_ones_own_text_folds_to_a_line_once_it_is_read():
    app = with_own_text()
    assert (app.expander[0].label, app.expander[0].proto.expanded) == ("My text", True)
    app = uploaded("two*.csv", b"text,n\nThe bank paid.,1\nThe bank flooded.,2\nThe bank shut.,3\n\n,4\n")
    assert app.expander[0].label.replace("\\", "").startswith("My text: two*.csv, 3 sentences")
    assert not app.expander[0].proto.expanded
    app = pasted("", with_own_text())
    assert app.expander[0].proto.expanded
    assert pasted("One bank. Two banks.", app).expander[0].label == "My text: 2 sentences pasted"


def test_what_follows_a_word_written_from_right_to_left_stands_on_its_left():
    frame = context_frame(find_uses(["דוד ישב ליד הנהר הרחב, ושתק."], "ליד"))
    left, right = frame["left"][0], frame["right"][0]
    assert "הנהר" in left and "דוד" in right
    assert (left[0], left[-1]) == ("\u2067", "\u2069")  # its full stop stays at its end


def test_without_blanks_the_left_context_sorts_by_its_last_characters():
    uses = find_uses(["他去银行取钱", "我去银行存钱", "她在银行工作"], "银行").uses
    assert [use.left for use in sorted(uses, key=left_key)] == ["他去", "我去", "她在"]
