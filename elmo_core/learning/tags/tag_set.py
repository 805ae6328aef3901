"""The tags a tagger chooses from: BIOES for spans, so that a span is known by its own tags alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch

from elmo_core.learning.tags.crf import Legal
from elmo_core.learning.tags.notation import OUTSIDE
from elmo_core.learning.tags.schemes import follows, join_tag, spans_of, split_tag, tags_of


@dataclass(frozen=True)
class TagSet:
    """K tags, and what may stand where."""

    labels: tuple[str, ...]
    """Labels of the spans, or the classes themselves."""
    is_spans: bool

    @classmethod
    def of(cls, sentences: Sequence[Sequence[str]], is_spans: bool) -> TagSet:
        """The tags that occur, in order."""
        if is_spans:
            labels = {span.label for tags in sentences for span in spans_of(tags)}
        else:
            labels = {tag for tags in sentences for tag in tags}
        return cls(tuple(sorted(labels)), is_spans)

    @cached_property
    def tags(self) -> tuple[str, ...]:
        """The K tags."""
        if not self.is_spans:
            return self.labels
        return (OUTSIDE, *(join_tag(letter, label) for label in self.labels for letter in "BIES"))

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {tag: number for number, tag in enumerate(self.tags)}

    def legal(self) -> Legal:
        """Which tags may begin, end and follow each other."""
        if not self.is_spans:
            return Legal.all(len(self.tags))
        parts = [split_tag(tag) for tag in self.tags]
        edge = (OUTSIDE, "")
        return Legal(
            torch.tensor([[follows(before, here) for here in parts] for before in parts]),
            torch.tensor([follows(edge, here) for here in parts]),
            torch.tensor([follows(before, edge) for before in parts]),
        )

    def encode(self, tags: Sequence[str]) -> list[int]:
        """Tags in BIO (or plain ones) -> numbers."""
        if self.is_spans:
            tags = tags_of(spans_of(tags), len(tags), "BIOES")
        return [self._numbers[tag] for tag in tags]

    def decode(self, numbers: Sequence[int]) -> list[str]:
        """Numbers -> tags in BIO (or plain ones)."""
        tags = [self.tags[number] for number in numbers]
        return tags_of(spans_of(tags), len(tags)) if self.is_spans else tags
