"""Tokens -> tags, in scikit-learn's manner: a mix of the layers learned together with a biLSTM and a CRF."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, Self, TypeAlias

import numpy as np

from elmo_core.encoders.protocol import Encoder
from elmo_core.exceptions import ConfigError, InputError
from elmo_core.learning.epochs import Epoch, Schedule, fit_tagger
from elmo_core.learning.estimator import HeadEstimator
from elmo_core.learning.failures import require_fitted
from elmo_core.learning.heads import TaggerHead, TaggerShape
from elmo_core.learning.inputs import Seed, seed_of
from elmo_core.learning.tags.decoding import emitted, predict_tags
from elmo_core.learning.tags.schemes import Scheme, normalise, normalise_as_spans
from elmo_core.learning.tags.scores import measure
from elmo_core.learning.tags.tag_set import TagSet
from elmo_core.learning.tags.token_data import (
    TaggedTokens,
    TokenData,
    check_sentences,
    check_tags,
    embed_tokens,
)
from elmo_core.learning.text_layers import resolve_model
from elmo_core.learning.word_vectors import OutputVectors, WordVectors, width_of
from elmo_core.nn.random_numbers import RandomNumbers
from elmo_core.progress import Report

TagMix = int | Literal["learned", "uniform", "none"]
TagHeadName = Literal["lstm", "token"]
HEADS: tuple[TagHeadName, ...] = ("lstm", "token")
TaggerInput: TypeAlias = "Sequence[Sequence[str]] | TokenData"


class ElmoTagger(HeadEstimator):
    """A tagger of tokens on a frozen biLM: named entities, word classes, or any other tags.

    Tags of spans may be in IO, IOB1, BIO, BIOES (BILOU, BMES) or IOE2, written `B-PER`, `B_PER`, `PER-B` or
    as letters alone; predictions are in BIO, written `B-PER` (or `B`). Other tags are classes of the tokens
    themselves.

    Attributes:
        tags_: what it chooses from (the labels in BIOES, or the classes).
        layer_weights_: the weight s_j of each layer.
        gamma_: factor of the mix.
        history_: loss and held-out score of each epoch.
        n_repaired_: training tags that their scheme did not allow where they stood.
        head_: the fitted module.
    """

    MIXES: ClassVar[tuple[str, ...]] = ("learned", "uniform", "none")

    head_: TaggerHead

    def __init__(
        self,
        model: Encoder | str | Path = "english-small",
        *,
        mix: TagMix = "learned",
        static: WordVectors | Literal["output"] | None = None,
        head: TagHeadName = "lstm",
        hidden: int = 128,
        dropout: float = 0.5,
        learning_rate: float = 2e-3,
        batch_size: int | None = None,
        max_epochs: int = 40,
        patience: int = 6,
        validation_share: float = 0.15,
        time_limit_s: float | None = None,
        random_state: Seed = 0,
    ) -> None:
        """Store the settings.

        Args:
            model: a model, its name or its path.
            mix: "learned" with the head, "uniform", the number of one layer (-1 = the last), or "none" =
                static vectors alone.
            static: static vectors beside the mix: by word, such as those of `load_static`, or "output" =
                the rows of the model's own softmax.
            head: "lstm" reads the sentence once more; "token" tags each token by g(h_t, w_t) alone.
            hidden: cells of the biLSTM in each direction; half of the width of g.
            dropout: of what goes into the head, and of what comes out of its first layer.
            learning_rate: of AdamW.
            batch_size: sentences of a step; None = up to 32, so that an epoch has some two dozen steps.
            max_epochs: maximum number of epochs.
            patience: epochs without a gain in the held-out score after which it stops.
            validation_share: of the sentences, set apart for that.
            time_limit_s: for learning, after the sentences are embedded; then the best so far is taken.
            random_state: seed of the split, of the first weights, and of the order of sentences; a generator
                gives the next seed at each `fit`, None a fresh one.
        """
        self.model = model
        self.mix = mix
        self.static = static
        self.head = head
        self.hidden = hidden
        self.dropout = dropout
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.patience = patience
        self.validation_share = validation_share
        self.time_limit_s = time_limit_s
        self.random_state = random_state

    def fit(
        self,
        X: TaggerInput,
        y: Sequence[Sequence[str]],
        *,
        validation: tuple[TaggerInput, Sequence[Sequence[str]]] | None = None,
        report: Report | None = None,
        on_epoch: Callable[[Epoch], None] | None = None,
    ) -> Self:
        """Learn.

        Args:
            X: n lists of tokens, or what `embed_tokens` has made of them (with word classes, these are
                learned from, too).
            y: their tags.
            validation: sentences to choose the epoch by; None = a share of X.
            report: called with the progress; an error it raises stops the work.
            on_epoch: called with loss and held-out score after each epoch.

        Raises:
            ConfigError: a setting is impossible.
            InputError: X or y is unusable.
            ModelError: the model cannot be loaded.
        """
        self.check()
        self.seed_ = seed_of(self.random_state)
        elmo = resolve_model(self.model)
        self.layers_of(elmo)
        data, (tags, scheme, self.n_repaired_) = self._read(elmo, X, y, report)
        held_out = None
        if validation is not None:
            other, (wanted, _, _) = self._read(elmo, *validation, report, scheme)
            held_out = TaggedTokens(other, wanted).filled()
        train = TaggedTokens(data, tags).filled()
        if held_out is None:
            train, held_out = train.split(self.validation_share, self.seed_)
        tag_set = TagSet.of(tags, scheme != "plain")
        if len(tag_set.tags) < 2:
            raise InputError(
                f"All tokens have the tag {tag_set.tags[0]!r}; a tagger needs at least two tags."
            )
        end = math.inf if self.time_limit_s is None else time.monotonic() + self.time_limit_s
        how = Schedule(self.max_epochs, self.patience, self.seed_, end, report, on_epoch, halves_rate=True)
        numbers = RandomNumbers(self.seed_)
        head = numbers.make(lambda: self.new_head(elmo, tag_set, data.known_classes))
        with numbers.drawn():
            self.history_ = fit_tagger(
                head, train, held_out, how, learning_rate=self.learning_rate, batch_size=self.batch_size
            )
        self.set_fitted_state(head)
        return self

    def predict(self, X: TaggerInput, *, report: Report | None = None) -> list[list[str]]:
        """The tags of each sentence, spans in BIO.

        Raises:
            NotFittedError: it is not fitted.
            InputError: X is no list of token lists.
        """
        data, rows = self._readable(X, report)
        found: list[list[str]] = [[] for _ in range(len(data))]
        if len(rows):
            for row, tags in zip(rows, predict_tags(self.head_, data.take(rows)), strict=True):
                found[row] = tags
        return found

    def predict_marginals(self, X: TaggerInput) -> list[np.ndarray]:
        """Probabilities float64 (T, K) of each token's tags, in the order of `tags_`; errors as `predict`."""
        data, rows = self._readable(X, None)
        found = [np.zeros((0, len(self.tags_))) for _ in range(len(data))]
        for numbers, emissions, mask in emitted(self.head_, data.take(rows)) if len(rows) else ():
            marginals = self.head_.crf.posterior(emissions.double(), mask).marginals()
            for number, values, own in zip(numbers, marginals, mask, strict=True):
                found[rows[number]] = values[own].detach().numpy()
        return found

    def score(self, X: TaggerInput, y: Sequence[Sequence[str]]) -> float:
        """Span F1, or accuracy of plain tags; errors as `predict`."""
        is_spans = self._tag_set.is_spans
        gold = normalise_as_spans(y).tags if is_spans else y
        return measure(gold, self.predict(X), is_spans=is_spans)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags

    def set_fitted_state(self, head: TaggerHead) -> None:
        """Set the attributes that come with a fitted head."""
        super().set_fitted_state(head)
        self.tags_ = head.tags.tags

    @property
    def _tag_set(self) -> TagSet:
        require_fitted(self, "head_")
        return self.head_.tags

    def new_head(self, elmo: Encoder, tags: TagSet, word_classes: tuple[str, ...]) -> TaggerHead:
        """Create an untrained head.

        Raises:
            ConfigError: it would have no input.
            ModelError: static vectors of a softmax are wanted, and the model has none.
        """
        static = OutputVectors(elmo) if self.static == "output" else self.static
        width = 0 if static is None else width_of(static)
        chosen = self.layers_of(elmo)
        if not chosen and not width:
            raise ConfigError('mix="none" leaves static vectors alone; give some, such as static="output".')
        shape = TaggerShape(
            elmo.n_layers, elmo.dim, chosen, bool(self.mix == "learned"), width, word_classes,
            self.head == "lstm", self.hidden, self.dropout,
        )  # fmt: skip
        return TaggerHead(shape, tags, static)

    def _rules(self) -> Iterator[tuple[bool, str, str]]:
        positive = "must be 1 or more"
        yield from (
            (self.head in HEADS, "head", 'must be "lstm" or "token"'),
            (self.hidden >= 1, "hidden", positive),
            (0 <= self.dropout < 1, "dropout", "must be from 0 to below 1"),
            (0 < self.learning_rate < 1, "learning_rate", "must be between 0 and 1"),
            (self.batch_size is None or self.batch_size >= 1, "batch_size", positive),
            (self.max_epochs >= 1, "max_epochs", positive),
            (self.patience >= 1, "patience", positive),
            (0 < self.validation_share < 1, "validation_share", "must be between 0 and 1"),
        )

    def _data(self, elmo: Encoder, X: TaggerInput, report: Report | None) -> TokenData:
        if isinstance(X, TokenData):
            return X
        return embed_tokens(elmo if self.layers_of(elmo) else None, X, report=report)

    def _read(
        self,
        elmo: Encoder,
        X: TaggerInput,
        y: Sequence[Sequence[str]],
        report: Report | None,
        scheme: Scheme | None = None,
    ) -> tuple[TokenData, tuple[tuple[tuple[str, ...], ...], Scheme, int]]:
        """Sentences, and their tags in BIO with their scheme and the number of repairs."""
        words = X.words if isinstance(X, TokenData) else check_sentences(X)
        check_tags(words, y)
        found = normalise(y, scheme)
        return self._data(elmo, X, report), (found.tags, found.scheme, found.n_repaired)

    def _readable(self, X: TaggerInput, report: Report | None) -> tuple[TokenData, np.ndarray]:
        """Sentences, and which of them have tokens."""
        require_fitted(self, "head_")
        data = X if isinstance(X, TokenData) or len(X) else TokenData((), None)
        if not isinstance(data, TokenData):
            data = self._data(self.elmo_, data, report)
        return data, np.flatnonzero(data.lengths)
