"""A small training run with all that has a state: dropout, data in a random order, Adam, an average, accumulation."""

import numpy as np

import tinygraph as tg
from tinygraph.train import Adam, Average, Checkpoint, cosine, fit, step


class Shuffled:
    """Batches of two in an order that epoch and seed decide; goes on from a position."""

    def __init__(self, seed=3):
        random = np.random.default_rng(seed)
        self.xs, self.ys = random.normal(size=(10, 4, 2, 3)), random.normal(size=(10, 4, 2, 2))
        self.epoch = self.batch = 0

    def __iter__(self):
        order = np.random.default_rng([7, self.epoch]).permutation(len(self.xs))
        while self.batch < len(order):
            k = order[self.batch]
            self.batch += 1
            yield self.xs[k], self.ys[k]
        self.epoch, self.batch = self.epoch + 1, 0

    @property
    def position(self):
        return {"epoch": self.epoch, "batch": self.batch}

    @position.setter
    def position(self, position):
        self.epoch, self.batch = position["epoch"], position["batch"]


class Net(tg.Module):
    def __init__(self):
        self.cell, self.head = tg.cells.GRU(3, 4, rng=0, dtype=np.float64), tg.Linear(4, 2, rng=1, dtype=np.float64)
        self.drop, self.count = tg.Dropout(0.3, rng=2), tg.buffer(np.zeros(()))

    def __call__(self, xs, state):
        outputs, state = tg.unroll(self.cell, xs, state)
        return self.head(self.drop(outputs)), state


class Training:
    """Everything of one run; ``train`` goes on from the folder to so many steps."""

    def __init__(self, folder, backend="numpy", accumulate=2):
        self.net, self.data = Net(), Shuffled()
        parameters = self.net.parameters()
        self.adam, self.average = Adam(parameters, cosine(0.05, 60)), Average(parameters, 0.9)

        def loss(xs, ys, state):
            outputs, state = self.net(xs, state)
            return tg.mean((outputs - ys) ** 2), state

        self.step = step(loss, parameters, self.adam, clip=1.0, accumulate=accumulate, backend=backend)
        self.checkpoint = None if folder is None else Checkpoint(folder, keep=2)

    def look(self, history):
        self.average.look()
        self.net.count.value = self.net.count.value + 1

    def train(self, steps, every=5):
        also = {"net": self.net, "average": self.average}
        return fit(
            self.step,
            self.data,
            steps=steps,
            every=every,
            checkpoint=self.checkpoint,
            also=also,
            callbacks=[self.look],
            validate=lambda: float(self.net.count.value),
            quiet=True,
        )

    def end(self, history):
        """All numbers of the run."""
        arrays = {**self.net.state_dict(), **self.adam.state_dict(), **self.average.state_dict()}
        return {**arrays, "loss": history.loss, "norm": history.norm, "looks": history.looks["held out"][1]}
