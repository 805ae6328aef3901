"""One text and one word follow the visitor from page to page, until they go back to the sample."""

from __future__ import annotations

from tests.pages.driver import captions, checked, open_page

TEXT = (
    "The old bat flew off. A bat hit the ball. We saw a bat at night. The bat was made of wood. Bats sleep."
)


def test_a_pasted_text_and_a_word_follow_and_are_left_for_the_sample():
    app = open_page("senses", word="bat")
    checked(app.button(key="senses_own").click().run())
    app.text_area(key="senses_pasted").set_value(TEXT)
    checked(app.button(key="senses_paste").click().run())
    assert "Text: 5 sentences pasted" in captions(app)
    assert "Word: **bat**" in captions(app)
    checked(app.switch_page("static/page.py").run())
    assert app.button(key="static_own").label == "Back to the sample"
    assert app.text_input(key="term").placeholder == "bat"
    checked(app.button(key="back_to_sample").click().run())
    assert app.button(key="static_own").label == "Use my text"
    assert "Text:" not in captions(app)
    assert app.text_input(key="term").placeholder == "bat"  # the word still follows
    checked(app.switch_page("senses/page.py").run())
    assert app.button(key="senses_own").label == "Use my text"
    checked(app.button(key="senses_own").click().run())  # what was pasted is still at hand
    assert app.text_area(key="senses_pasted").value == TEXT
