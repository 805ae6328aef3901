"""One selection, shared by a map and a table."""

from __future__ import annotations

from pages.common.markdown import escape_markdown
from pages.common.selection import Selection, selected_ids


def test_ids_come_from_custom_data_whatever_its_shape():
    points = [{"customdata": 9, "point_index": 0}, {"customdata": [2], "point_index": 0}, {"customdata": 9}]
    assert selected_ids(points) == (2, 9)
    assert selected_ids([]) == ()
    assert selected_ids([{"x": 1.0}, *points]) == (2, 9)  # a lasso around a typed sentence


def test_a_lasso_leaves_the_figure_alone_and_sorts_the_table():
    selection = Selection("bank", "layer 1").by_map((3, 1), 5)
    assert selection.highlighted == ()
    assert selection.order(5) == [3, 1, 0, 2, 4]


def test_ticked_rows_stand_out_and_stay_where_they_are():
    selection = Selection("bank", "layer 1").by_map((3, 1), 5).by_table((1, 2), 5)
    assert selection.ids == selection.highlighted == (1, 0)
    assert selection.order(5) == [3, 1, 0, 2, 4]


def test_the_last_gesture_wins():
    selection = Selection("bank", "layer 1").by_table((0, 1), 5).by_map((4,), 5)
    assert selection.ids == (4,)
    assert selection.highlighted == (0, 1)  # the figure must not change under the lasso


def test_another_layer_keeps_the_selection_and_marks_it():
    selection = Selection("bank", "layer 1").by_map((4,), 5).moved_to("bank", "layer 2")
    assert (selection.ids, selection.highlighted) == ((4,), (4,))
    assert selection.moved_to("bank", "layer 2") is selection


def test_another_word_forgets_the_selection():
    assert Selection("bank", "layer 1").by_map((4,), 5).moved_to("bat", "layer 1") == Selection(
        "bat", "layer 1"
    )


def test_rows_that_are_not_there_are_ignored():
    assert Selection().by_table((0, 99, -1), 3).ids == (0,)
    assert Selection().by_map((0, 99, -1), 3).ids == (0,)


def test_markdown_of_users_is_shown_letter_by_letter():
    assert escape_markdown("![](x) *a*\n:red[b] $c$ <i>") == r"\!\[\]\(x\) \*a\* \:red\[b\] \$c\$ \<i\>"


def test_a_point_that_an_address_names_twice_is_one():
    selection = Selection().by_card((1, 1, 3, 1), 5)
    assert selection.ids == (1, 3) and selection.order(5) == [1, 3, 0, 2, 4]
