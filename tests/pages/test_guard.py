"""Errors that a user can meet are one sentence on the page; links and loaded state are read within bounds."""

from __future__ import annotations

import errno

import pytest
from streamlit.testing.v1 import AppTest

from elmo_core.exceptions import InputError
from elmo_core.senses.labelled_groups import from_json
from pages.common import guard
from pages.common.guard import sentence_of
from pages.common.job import Job
from tests.pages.driver import messages, open_page


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (InputError("The file is empty."), "The file is empty."),
        (MemoryError(), guard.NO_MEMORY),
        (RecursionError(), guard.TOO_DEEP),
        (OSError(errno.ENOSPC, "No space left on device"), guard.NO_SPACE),
        (PermissionError(errno.EACCES, "denied"), None),
        (KeyError("a fault of the program"), None),
    ],
)
def test_what_a_user_is_told(error, sentence):
    assert sentence_of(error) == sentence


def test_a_page_out_of_memory_says_so_and_what_stands_around_it_stays():
    def script() -> None:
        import streamlit as st

        from pages.common.guard import said_in_one_sentence

        with said_in_one_sentence():
            raise MemoryError
        st.write("the menu")

    test = AppTest.from_function(script).run()
    assert not test.exception
    assert test.markdown[0].value == "the menu"
    assert "not enough memory" in test.error[0].value


def test_a_job_out_of_memory_says_so():
    def work(job: Job) -> None:
        raise MemoryError

    job = Job("key", "Reading")
    job.run(work)
    assert (job.state, job.error) == ("failed", guard.NO_MEMORY)


LINKS = [
    ("names", "[" * 100_000),
    ("names", '["a", ' * 50_000),
    ("names", "1e999"),
    ("names", "NaN"),
    ("names", '{"0": "a"}'),
    ("names", '[["a"]]'),
    ("selected", "9" * 5_000),
    ("selected", ".".join(["1"] * 50_000)),
    ("selected", "٣.²"),
    ("selected", "-1.0x10"),
]


@pytest.mark.parametrize(("parameter", "value"), LINKS, ids=range(len(LINKS)))
def test_a_link_with_nonsense_opens_the_page_all_the_same(parameter, value):
    def script() -> None:
        import streamlit as st

        from pages.common.selection import select_from_link, selected
        from pages.senses.cards import _names_in_link

        select_from_link("senses", "subject", 10)
        st.write(repr((selected("senses", "subject"), _names_in_link(2))))

    test = AppTest.from_function(script)
    test.query_params[parameter] = value
    test.run()
    assert not test.exception
    assert test.markdown[0].value in ("((), [])", "((1,), [])", "((3,), [])", f"({(1,) * 200}, [])")


@pytest.mark.parametrize(
    "number", ["Infinity", "-Infinity", "NaN", "1e999", '"x"', "null", "[]", "99", "-2", "[" * 5_000]
)
def test_groups_with_a_number_that_is_none_are_refused(number):
    content = (
        '{"format": "elmo-explorer/sense-groups/1", "word": "bank", "about": {}, '
        f'"groups": [{{"name": "a"}}], "uses": [{{"sentence": "s", "position": 0, "group": {number}}}]}}'
    )
    with pytest.raises(InputError, match="holds no sense groups"):
        from_json(content.encode(), "groups.json")


def test_what_the_address_asks_for_and_the_page_does_not_have_is_named():
    app = open_page("layers", study="<b>xx", layers_data="No such data", other="1")
    assert "The address asks for study=<b>xx and layers_data=No such data, which this page" in messages(app)
    app = open_page("layers", study="Contextuality", layers_data="bank: senses")
    assert "The address asks" not in messages(app)
    app = open_page("maps", maps_dims="2D", maps_points="Tokens")  # a default, and another choice
    assert "The address asks" not in messages(app)


ADDRESSES = [
    ("senses", ["word", "layer", "image", "method", "groups", "inflections", "most", "seed", "projection"]),
    (
        "senses",
        ["colour", "fade", "trails", "part", "sentence", "column", "sort", "names", "selected", "job"],
    ),
    ("static", ["term", "static", "contextual", "show", "first", "second", "task", "job"]),
    ("layers", ["part", "layers_data", "layers_score", "weights", "mix", "job"]),
    ("maps", ["maps_method", "maps_dims", "maps_from", "maps_points", "selected"]),
    ("lessons", ["lesson", "job"]),
    ("classify", ["data", "limit", "test", "balanced", "seed", "inside"]),
    ("entities", ["view", "data", "sort"]),
]
NONSENSE = [
    "9" * 5_000,
    "-1",
    "nan",
    "1e999",
    "[" * 20_000,
    "<script>alert(1)</script>",
    "\x00\ud83d\ude00",
    "../" * 50,
]


@pytest.mark.parametrize(("page", "keys"), ADDRESSES, ids=[f"{page} {keys[0]}" for page, keys in ADDRESSES])
@pytest.mark.parametrize("first", [0, 3])
def test_an_address_with_nonsense_under_every_key_opens_the_page(page: str, keys: list[str], first: int):
    """Each key has another value in each of the two rounds."""
    values = {key: NONSENSE[(first + number) % len(NONSENSE)] for number, key in enumerate(keys)}
    values = {key: value.encode("utf-16", "surrogatepass").decode("utf-16") for key, value in values.items()}
    app = open_page(page, **values)
    assert app.title
