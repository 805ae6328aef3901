"""The sentences that open the page of a word: what the map shows, and what holds without labels."""

from __future__ import annotations

from elmo_core.geometry.separation import Separation
from elmo_core.senses.explanations import LEVEL, Explanation
from elmo_core.senses.groups import LIKE_ONE_SENSE, LIKE_RE_PAIRED, MIN_USES, NO_NULL
from elmo_core.senses.study import Grouping

_IN_WORDS = {
    LIKE_ONE_SENSE: "words of one sense fall apart as much with this model",
    LIKE_RE_PAIRED: "halves of contexts put together at random fall apart as much",
    "shuffled contexts fall apart as well": "shuffled sentences fall apart as much",
    NO_NULL: "chance groups cannot be ruled out with a model that reads both sides at once",
    "resamples find other groups": "other samples of the uses give other groups",
    "the groups stand in similar contexts": "the groups stand in similar contexts",
    "a group has almost no uses": "one of the groups has almost no uses",
    "there are no two groups to tell apart": "no two groups can be told apart",
}
"""The objections of a card in a reader's terms."""


def guessing(score: Separation) -> float:
    """Return the better of two guesses: the most frequent sense, or senses shuffled among the uses."""
    return max(score.chance, score.shuffled_mean)


def say_senses(score: Separation) -> str:
    """Say how many uses lie with their own sense, beside guessing."""
    told = "told apart" if score.p_value < LEVEL else "not told apart"
    return f"Senses {told}: {score.accuracy:.0%} (guessing: {guessing(score):.0%})"


def explain_senses(score: Separation, view: str, rival: tuple[str, Separation] | None) -> str:
    """Say what the share of `say_senses` counts, how sure it is, and what simpler fact does as well.

    Args:
        score: score of the view that is shown.
        view: its name.
        rival: the fact that alone tells the senses apart best, see `simplest_rival`.
    """
    by = f"{view[0].lower()}{view[1:]}"
    text = (
        f"{score.accuracy:.0%} of {score.n} uses lie nearest to their own sense by {by} "
        f"(95% interval {score.low:.0%} to {score.high:.0%})."
    )
    if rival is None or score.p_value >= LEVEL:
        return text
    fact, alone = rival
    if alone.accuracy >= score.low:
        return f"{text} Mostly {fact}: that alone tells {alone.accuracy:.0%}."
    return f"{text} For comparison, {fact} alone tells {alone.accuracy:.0%}."


def say_groups(grouping: Grouping, explanation: Explanation | None) -> str:
    """Say which groups there are without labels, and what simpler fact explains them as well as meaning."""
    card = grouping.card
    if card.best is None:
        return f"{card.n} uses are too few to look for groups"
    if card.k == 1:
        return "No groups proven"
    mostly = f", mostly {explanation.fact}" if explanation and explanation.is_main else ""
    return f"{card.k} groups{mostly}"


def explain_groups_found(grouping: Grouping) -> str:
    """Say how sure the groups are, or why none are proven, without the method's terms."""
    card = grouping.card
    if card.best is None:
        return f"At least {MIN_USES} uses are needed."
    if card.k == 1:
        return f"The uses may all be of one kind: {_IN_WORDS[card.objections[0]]}."
    return (
        f"They are clearer than in shuffled sentences, and {card.best.stability:.0%} of samples of the uses "
        "give the same ones."
    )
