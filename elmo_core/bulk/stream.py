"""Embeds a stream of sentences block by block: what is in memory does not depend on how many there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from elmo_core.embedder import Elmo, Embedding

_BLOCK_BYTES = 32 << 20
"""Results of a block: enough sentences for full batches of like length."""
_BLOCK_SENTENCES = 4096
_CHARACTERS_PER_TOKEN = 5


def embed_stream(
    elmo: Elmo, sentences: Iterable[str | Sequence[str]], language: str = "en"
) -> Iterator[list[Embedding]]:
    """Embed sentences one block after the other, each on its own (state "zero").

    The blocks depend on the sentences alone, so a stream that starts at the beginning of a block is cut
    as the whole one was.

    Args:
        elmo: the model.
        sentences: any number, as for `Elmo.embed`; taken as they are needed.
        language: of strings, for the tokeniser.

    Yields:
        The results of some sentences, in order.

    Raises:
        InputError: as `Elmo.embed`.
    """
    for block in cut_blocks(sentences, 4 * elmo.n_layers * elmo.dim):
        yield elmo.embed(block, language=language)


def embed_carried(
    elmo: Elmo, sentences: Iterable[str | Sequence[str]], batch_size: int | None, language: str = "en"
) -> Iterator[list[Embedding]]:
    """Embed sentences one block after the other, the LSTM state carried as `Elmo.embed` does it.

    Args:
        elmo: the model.
        sentences: any number, as for `Elmo.embed`; taken as they are needed.
        batch_size: sentences of a batch; must be given.
        language: of strings, for the tokeniser.

    Yields:
        The results of some sentences, in order.

    Raises:
        InputError: as `Elmo.embed`.
    """
    text = elmo.carry(batch_size, language)
    for block in cut_blocks(sentences, 4 * elmo.n_layers * elmo.dim):
        yield text.read(block)
    yield text.read([], is_last=True)


def cut_blocks(
    sentences: Iterable[str | Sequence[str]], token_bytes: int
) -> Iterator[list[str | Sequence[str]]]:
    """Cut a stream where the results of a block are large enough.

    Args:
        sentences: any number.
        token_bytes: of the results of a token.
    """
    block: list[str | Sequence[str]] = []
    n_bytes = 0
    for sentence in sentences:
        block.append(sentence)
        n_bytes += token_bytes * _estimated_tokens(sentence)
        if n_bytes >= _BLOCK_BYTES or len(block) == _BLOCK_SENTENCES:
            yield block
            block, n_bytes = [], 0
    if block:
        yield block


def _estimated_tokens(sentence: str | Sequence[str]) -> int:
    return len(sentence) // _CHARACTERS_PER_TOKEN + 1 if isinstance(sentence, str) else len(sentence)
