"""The answer to a lesson's question: measured, never stored."""

from __future__ import annotations

from dataclasses import dataclass

from elmo_core.encoders.protocol import Encoder
from elmo_core.exceptions import InputError
from elmo_core.lessons.lesson import EQUAL, Question
from elmo_core.lessons.measures import MEASURES, Measures
from elmo_core.progress import Report, part_of


@dataclass(frozen=True)
class Measurement:
    """What was measured for a question."""

    question: Question
    values: dict[str, float]
    """Value of each option, in percent where the measure is a share."""

    @property
    def right(self) -> str:
        """The option that is right, or `EQUAL` where the next one is no farther than the margin."""
        sign = 1 if self.question.is_largest else -1
        best, *others = sorted(self.values, key=lambda name: -sign * self.values[name])
        if not others or not self.question.margin:
            return best
        return EQUAL if abs(self.values[best] - self.values[others[0]]) <= self.question.margin else best

    @property
    def is_as_expected(self) -> bool:
        """Whether the measurement supports what the lesson says."""
        expected = self.question.expected
        if isinstance(expected, str):
            return self.right == expected
        (value,) = self.values.values()
        return expected[0] <= value <= expected[1]

    @property
    def texts(self) -> dict[str, str]:
        """The values as they are shown."""
        return {name: self.show(value) for name, value in self.values.items()}

    @property
    def explanation(self) -> str:
        """The text that belongs to this outcome, with the names of options still in it."""
        return self.question.holds if self.is_as_expected else self.question.fails

    def accepts(self, answer: str | float) -> bool:
        """Return whether a prediction is right: the name of an option, `EQUAL`, or a number."""
        if isinstance(answer, str):
            return answer == self.right
        (value,) = self.values.values()
        return abs(answer - value) <= self.question.within

    def show(self, value: float) -> str:
        """Write a value as it is shown, with its unit."""
        if self.question.is_percent:
            return f"{value:.0f}%"
        return f"{value:,.0f}" if abs(value) >= 10 else f"{value:.2f}"


def measure(elmo: Encoder, question: Question, report: Report | None = None) -> Measurement:
    """Measure all options of a question.

    Args:
        elmo: the model that is asked.
        question: of a lesson.
        report: told the progress.

    Raises:
        InputError: an option asks for what is not there (a word, a sense, a layer).
    """
    values = {}
    shared = Measures(elmo)
    for number, option in enumerate(question.options):
        n = len(question.options)
        if report:
            report(option.text, number / n)
        shared.report = part_of(report, number / n, (number + 1) / n)
        try:
            value = MEASURES[option.measure][0](shared, **option.arguments)
        except InputError as error:
            raise InputError(f"The option {option.name!r} cannot be measured: {error}") from None
        values[option.name] = 100 * value if question.is_percent else value
    return Measurement(question, values)
