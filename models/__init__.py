"""Whole systems, one short file each: the six models of the articles, and networks on real data.

Of the articles, with gradients from the graph:

============== ====================================================== ======= ================
module         system                                                 article its loss
============== ====================================================== ======= ================
parity_rnn     sigmoid RNN, one answer after the last step            000     squared error
tagging_rnn    tanh RNN, a sigmoid answer at every step               001     cross-entropy
series_rnn     tanh RNN, a linear answer at every step                002     half the square
batched_rnn    sigmoid RNN on a batch, a sigmoid answer at each step  003a    half the square
last_step_rnn  tanh RNN, one answer after the last step               003b    half the square
word_rnn       tanh RNN on words, truncated backpropagation           004     nats, shown as bits
============== ====================================================== ======= ================

Each module has ``Model``, ``cosine_init``, ``random_init``, ``train`` and ``reached_goal``;
``python -m models.parity_rnn`` (or another of the six) trains it and prints the results.

On real data, trained by the kit of ``tg.train``, with `task` as the frame; each has ``data``, a ``Net``, and
``result``, which trains it and scores it beside its baselines. ``python examples/results.py`` runs them and writes
docs/results.md:

============== ====================================================== =============================
module         system                                                 beside
============== ====================================================== =============================
characters     LSTM, the next character of a text                     gzip and xz
names          GRU, letter by letter                                  a chain of six letters
digits         GRUs over rows, in both directions                     the nearest mean image
sunspots       GRUs beside a linear path, a year ahead                the cycle before, AR
temperature    GRU beside a linear path, a day ahead                  the day before, AR
chorales       Bach's four voices, a beat after the other             the literature's networks
vowels         spoken vowels of different lengths                     the published accuracy
tagging        words in both directions, a tag each                   the most frequent tag
adding         two marked numbers far apart                           a cell that cannot
copying        ten symbols, said again after a long silence           a cell that cannot
============== ====================================================== =============================
"""
