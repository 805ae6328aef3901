"""The modules of a biLM; none of them knows of files.

Letters in shapes: B rows of a batch, T time steps, N tokens (of all rows), U unique words,
C characters of a word, e character width, F convolution filters, D cells, P projection,
L layers of the result, V words of the vocabulary, S sampled words.
"""
