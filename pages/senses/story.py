"""The top of the page: what a reader sees, how sure it is, and how the layers compare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from elmo_core.geometry.separation import Separation
from elmo_core.glossary import explain
from elmo_core.plots.points import Colouring
from elmo_core.plots.sense_map import colour_by_sense
from elmo_core.plots.style import listing, percent
from elmo_core.senses.explanations import Explanation, explain_groups, simplest_rival
from elmo_core.senses.facts import facts_of
from elmo_core.senses.groups import MIN_USES
from elmo_core.senses.headline import (
    explain_groups_found,
    explain_senses,
    guessing,
    say_groups,
    say_senses,
)
from elmo_core.senses.study import Grouping, Study
from elmo_core.senses.unfamiliar_text import Familiarity, familiarity
from elmo_core.senses.uses import Uses
from elmo_core.tables.records import counted
from pages.common.calibration import show_calibration
from pages.common.chosen_model import model_name
from pages.common.layout import tell
from pages.common.loaders import Source, load_model
from pages.common.markdown import escape_markdown
from pages.common.selection import MapSelection
from pages.common.sense_data import scores
from pages.senses.controls import Choice

TITLE = "One word, many meanings"


@dataclass(frozen=True, eq=False)
class Findings:
    """What is known of the uses of a word besides their vectors."""

    scores: tuple[Separation, ...]
    """Of each view, in the order of `Study.views`; empty without labelled senses."""
    why_no_scores: str
    rival: tuple[str, Separation] | None
    """The fact that alone tells the senses apart best, if one does."""
    explanation: Explanation | None
    """The fact that the groups follow most, if there is one."""

    @property
    def of_context(self) -> Separation | None:
        """How often the context places a labelled use rightly; None without labelled senses."""
        return self.scores[0] if self.scores else None


def find_out(page: str, source: Source, choice: Choice, study: Study, grouping: Grouping) -> Findings:
    """Score the views, and look for facts that explain groups or senses as well as meaning does."""
    scored, why = scores(page, source, choice.asked, study)
    uses, seed = study.uses, choice.asked.seed

    def work() -> tuple[tuple[str, Separation] | None, Explanation | None]:
        facts = facts_of(uses, source.text)
        rival = simplest_rival(facts, uses.labels, seed=seed) if scored else None
        return rival, explain_groups(grouping.labels, facts, uses.labels if scored else (), seed=seed)

    key = ("facts", source.key, model_name(), choice.asked, grouping.labels)
    rival, explanation = source.results.get_or_compute(key, work)
    return Findings(scored, why, rival, explanation)


def tell_what_this_is(row: DeltaGenerator, uses: Uses) -> None:
    """Say in a sentence what the dots are; warn where the model has not learned the language."""
    n = len({use.sentence for use in uses.uses})
    tell(
        row,
        f"A language model read {counted(n, 'sentence')} with *{escape_markdown(uses.word)}*. Each dot is "
        "one of them; dots near each other were read alike.",
    )
    known = familiarity(uses, load_model(model_name()).vocabulary)
    if known and known.is_unfamiliar:
        st.warning(_warning(known))


def _warning(known: Familiarity) -> str:
    return (
        f"These sentences may not be in the model's language: {percent(known.unknown)} of their words are "
        f"not in its vocabulary, and {percent(known.common)} are among its 100 most frequent words. What "
        "it says about them may mean nothing."
    )


def show_headline(choice: Choice, study: Study, grouping: Grouping, findings: Findings) -> None:
    """What is seen, as one number beside guessing; without labelled senses, which groups there are."""
    if findings.scores:
        score = findings.scores[study.views.index(choice.view)]
        st.subheader(say_senses(score), anchor=False, help=explain("Nearest sense", "Guessing"))
        st.caption(escape_markdown(explain_senses(score, choice.view, findings.rival)))
    else:
        groups = say_groups(grouping, findings.explanation)
        st.subheader(escape_markdown(groups), anchor=False, help=explain("Group", "Null"))
        st.caption(explain_groups_found(grouping))


def show_card(
    page: str, choice: Choice, study: Study, grouping: Grouping, findings: Findings, linked: MapSelection
) -> None:
    """The card below the headline: what holds without labels, how the views compare, and the method."""
    groups, why = say_groups(grouping, findings.explanation), explain_groups_found(grouping)
    if findings.scores:
        score = findings.scores[study.views.index(choice.view)]
        st.markdown(f"**Without labels:** {escape_markdown(groups[0].lower() + groups[1:])}.", help=why)
        st.html(_strip(study.views, findings.scores, choice.view))
        _offer_misplaced(page, score, study.uses.labels, linked)
    if choice.loaded:
        unknown = grouping.labels.count(-1)
        rest = f"; {unknown} uses are not in it" if unknown else ""
        st.info(f"The groups shown are those of the loaded file{rest}.")
    elif grouping.is_asked and grouping.card.k == 1:
        st.info(f"{grouping.k} groups are shown because you asked for them, not because there is evidence.")
    _show_method(grouping, findings.explanation)
    if len(study.uses.uses) >= MIN_USES:
        show_calibration(study.fingerprint, len(study.uses.uses))


def _offer_misplaced(
    page: str, score: Separation, senses: Sequence[str | None], linked: MapSelection
) -> None:
    """Offer the uses that lie nearest to another sense, where the model fails."""
    pairs = enumerate(zip(score.nearest, senses, strict=True))
    rows = [row for row, (nearest, own) in pairs if nearest is not None and nearest != own]
    if rows:
        st.button(
            f"Show the {counted(len(rows), 'use')} nearest to another sense",
            key=f"{page}_misplaced",
            type="tertiary",
            icon=":material/troubleshoot:",
            on_click=linked.select,
            args=(rows,),
        )


def _strip(views: Sequence[str], scored: Sequence[Separation], view: str) -> str:
    """The share of each view as a bar, guessing as a line across them."""
    order = [*range(1, len(views)), 0]  # from the token vector upwards, the context last
    guess = 100 * guessing(scored[0])
    rows = "".join(
        '<div style="display:flex;align-items:center;gap:8px;'
        f'font-weight:{600 if views[at] == view else 400}">'
        f'<span style="flex:0 0 7em">{views[at]}</span>'
        '<span style="flex:1;position:relative;height:12px;background:rgba(127,140,147,.18)">'
        f'<span style="position:absolute;inset:0 auto 0 0;width:{100 * scored[at].accuracy:.0f}%;'
        'background:#0072b2"></span>'
        f'<span style="position:absolute;top:-3px;bottom:-3px;left:{guess:.0f}%;'
        'border-left:2px dotted currentColor"></span></span>'
        f'<span style="flex:0 0 2.6em;text-align:right">{percent(scored[at].accuracy)}</span></div>'
        for at in order
    )
    label = listing(f"{views[at]} {percent(scored[at].accuracy)}" for at in order)
    return (
        f'<div role="img" aria-label="Senses told apart by view: {label}; guessing {guess:.0f}%" '
        f'style="font-size:0.875rem;line-height:1.5">{rows}</div>'
    )


def _show_method(grouping: Grouping, explanation: Explanation | None) -> None:
    """What the evidence is, in the terms of the method."""
    with st.popover("How do we know?", icon=":material/help:", type="tertiary"):
        st.markdown(escape_markdown(grouping.card.sentence))
        if grouping.groups.n_judged < grouping.groups.n:
            st.markdown(
                f"Judged on {grouping.groups.n_judged:,} of {grouping.groups.n:,} uses; the others joined."
            )
        if explanation:
            st.markdown(escape_markdown(_agreement(explanation)))
        st.markdown(explain("Silhouette", "Re-paired null", "Shuffled null", "Stability"))


def _agreement(found: Explanation) -> str:
    meant = f", with the labelled senses {found.meaning:.2f}" if found.meaning is not None else ""
    return (
        f"Adjusted mutual information of the groups with {found.fact}: {found.agreement:.2f} (95% interval "
        f"{found.low:.2f} to {found.high:.2f}; p = {found.p_value:.3f}){meant}."
    )


def colours_of(choice: Choice, study: Study, groups: Colouring) -> tuple[Colouring, bool]:
    """Return what colours mean on the map, and whether that is labelled senses."""
    is_by_sense = choice.shows_senses(any(study.uses.labels))
    return (colour_by_sense(study.uses) if is_by_sense else groups), is_by_sense
