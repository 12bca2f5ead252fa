#!/usr/bin/python3
"""Q-RR with Rand-K on logistic regression with a ridge, as one would write it with numpy and scipy.

Sadiev, Malinovsky, Gorbunov, Sokolov, Khaled, Burlachenko, Richtarik 2022, arXiv:2206.07021, Algorithm 1: rows sorted by label,
dealt to the clients in turn, the last one takes the remainder; f = mean over clients of mean log(1 + exp(-y <a, x>)) + lambda |x|^2;
floor(m/blocks) rows a step, the last step of an epoch takes what remains; x0 = 0.  Nothing here is taken from gradwire.

--form csr    every block a prebuilt CSR matrix beside its transpose, blocks permuted every epoch
--form dense  the data as dense arrays, rows permuted every epoch, a batch gathered by its row numbers, f evaluated after every
              step: the work that the scripts released with the paper do in a step

    rr_scipy.py FILE [--form csr] [--epochs 10] [--k 2] [--clients 20] [--blocks 10] [--gamma 0.02] [--ridge 1e-4] [--seed 1]
                [--whole] [--in-order]

--whole: no compression; --in-order: no permutation.  Prints one line: seconds of processor time per epoch, f(x) at the end.
"""
import os
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import argparse
import time

import numpy as np
import scipy.sparse as sp


def read_libsvm(path):
    """A CSR matrix and labels -1, +1, sorted by label."""
    columns, values, starts, labels = [], [], [0], []
    with open(path) as rows:
        for row in rows:
            words = row.split()
            labels.append(float(words[0]))
            for word in words[1:]:
                column, value = word.split(":")
                columns.append(int(column) - 1)
                values.append(float(value))
            starts.append(len(columns))
    rows = sp.csr_matrix((values, columns, starts), shape=(len(labels), max(columns) + 1))
    labels = np.where(np.array(labels) == min(labels), -1.0, 1.0)
    order = np.argsort(labels, kind="stable")
    return rows[order], labels[order]


def block_ends(m, blocks):
    """Where the blocks of m rows begin and end."""
    size = m // blocks
    return [(b * size, m if b == blocks - 1 else (b + 1) * size) for b in range(blocks)]


class Sparse:
    def __init__(self, rows, labels, blocks, rng, in_order):
        self.block = []
        for begin, end in block_ends(len(labels), blocks):
            a = rows[begin:end]
            self.block.append((a, a.T.tocsr(), labels[begin:end]))
        self.rows, self.labels, self.rng, self.in_order = rows, labels, rng, in_order

    def shuffle(self):
        self.order = np.arange(len(self.block)) if self.in_order else self.rng.permutation(len(self.block))

    def gradient(self, step, x, ridge):
        a, transposed, y = self.block[self.order[step]]
        return transposed @ (-y / (1 + np.exp(y * (a @ x)))) / len(y) + 2 * ridge * x

    def loss(self, x):
        return np.mean(np.logaddexp(0, -self.labels * (self.rows @ x)))


class Dense:
    def __init__(self, rows, labels, blocks, rng, in_order):
        self.rows, self.labels, self.rng, self.in_order = rows.toarray(), labels, rng, in_order
        self.ends = block_ends(len(labels), blocks)

    def shuffle(self):
        m = len(self.labels)
        self.order = np.arange(m) if self.in_order else self.rng.permutation(m)

    def gradient(self, step, x, ridge):
        begin, end = self.ends[step]
        drawn = self.order[begin:end]
        signed = self.rows[drawn] * self.labels[drawn, None]
        return -np.mean(signed / (1 + np.exp(signed @ x))[:, None], axis=0) + 2 * ridge * x

    def loss(self, x):
        return np.mean(np.log(1 + np.exp(-self.labels * (self.rows @ x))))


def value(clients, x, ridge):
    return sum(c.loss(x) for c in clients) / len(clients) + ridge * (x @ x)


def q_rr(clients, d, o, rng):
    n, watched = len(clients), []
    x = np.zeros(d)
    start = time.process_time()
    for _ in range(o.epochs):
        for client in clients:
            client.shuffle()
        for step in range(o.blocks):
            total = np.zeros(d)
            for client in clients:
                gradient = client.gradient(step, x, o.ridge)
                if o.whole:
                    total += gradient
                else:
                    kept = rng.choice(d, o.k, replace=False)
                    total[kept] += d / o.k * gradient[kept]
            x = x - o.gamma / n * total
            if o.form == "dense":
                watched.append(value(clients, x, o.ridge))
    return (time.process_time() - start) / o.epochs, value(clients, x, o.ridge)


def main():
    option = argparse.ArgumentParser(description="Q-RR with Rand-K in numpy and scipy")
    option.add_argument("file")
    option.add_argument("--form", choices=["csr", "dense"], default="csr")
    option.add_argument("--epochs", type=int, default=10)
    option.add_argument("--k", type=int, default=2)
    option.add_argument("--clients", type=int, default=20)
    option.add_argument("--blocks", type=int, default=10)
    option.add_argument("--gamma", type=float, default=0.02)
    option.add_argument("--ridge", type=float, default=1e-4)
    option.add_argument("--seed", type=int, default=1)
    option.add_argument("--whole", action="store_true")
    option.add_argument("--in-order", action="store_true")
    o = option.parse_args()
    rng = np.random.default_rng(o.seed)
    rows, labels = read_libsvm(o.file)
    m = rows.shape[0] // o.clients
    ends = [i * m for i in range(o.clients)] + [rows.shape[0]]
    form = Sparse if o.form == "csr" else Dense
    clients = [form(rows[a:b], labels[a:b], o.blocks, rng, o.in_order) for a, b in zip(ends, ends[1:])]
    seconds, f = q_rr(clients, rows.shape[1], o, rng)
    print(f"{seconds:.9f} {f:.17g}")


main()
