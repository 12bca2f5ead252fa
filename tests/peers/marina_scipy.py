#!/usr/bin/python3
"""MARINA with Rand-K on the non-convex loss (1 - sigma(y <a, x>))^2, as one would write it with numpy and scipy.

Gorbunov, Burlachenko, Li, Richtarik 2021, arXiv:2102.07845, Algorithm 1, full gradients: rows in file order, the
remainder dropped, a bias feature, x0 = 0, stepsize and p from Theorem 2.1 with row-norm smoothness constants.  The gradient at
the previous point is kept, and both A_i and its transpose are prebuilt CSR matrices.  Nothing here is taken from gradwire.

    marina_scipy.py FILE [--rounds 1000] [--k 10] [--clients 5] [--p P] [--seed 1] [--form csr|loop]

--form loop takes one sample after another out of a dense array, at both points of every round, as released research code does.
Prints one line: seconds of processor time per round, |grad f(x)|^2 at the end, gamma, p.
"""
import os
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import argparse
import time

import numpy as np
import scipy.sparse as sp

CURVATURE = (39 + 55 * 33**0.5) / 2304  # sup |l''|


def read_libsvm(path):
    """A CSR matrix with a last column of ones, and labels -1, +1."""
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
    return sp.hstack([rows, np.ones((rows.shape[0], 1))], format="csr"), labels


class Client:
    def __init__(self, rows, labels):
        self.a, self.at, self.y = rows, rows.T.tocsr(), labels
        norms_sq = np.asarray(rows.multiply(rows).sum(axis=1)).ravel()
        self.smoothness = CURVATURE * norms_sq.max()

    def gradient(self, x):
        s = 1 / (1 + np.exp(-self.y * (self.a @ x)))
        return self.at @ (-2 * s * (1 - s) ** 2 * self.y) / len(self.y)


def sample_gradient(a, y, x):
    s = 1 / (1 + np.exp(-y * a.dot(x)))
    return -2 * s * (1 - s) ** 2 * y * a


class LoopClient(Client):
    def __init__(self, rows, labels):
        super().__init__(rows, labels)
        self.dense = rows.toarray()

    def gradient(self, x):
        g = np.zeros(len(x))
        for j in range(len(self.y)):
            g += sample_gradient(self.dense[j], self.y[j], x)
        return g / len(self.y)


def marina(clients, d, k, p, gamma, rounds, rng, again):
    n = len(clients)
    x = np.zeros(d)
    last = [c.gradient(x) for c in clients]
    g = sum(last) / n
    start = time.process_time()
    for _ in range(rounds):
        before = x.copy()
        x -= gamma * g
        dense = rng.random() < p
        total = np.zeros(d)
        for i, client in enumerate(clients):
            gradient = client.gradient(x)
            if again:
                last[i] = client.gradient(before)
            if dense:
                total += gradient
            else:
                kept = rng.choice(d, k, replace=False)
                total[kept] += d / k * (gradient[kept] - last[i][kept])
            last[i] = gradient
        g = total / n if dense else g + total / n
    seconds = time.process_time() - start
    final = sum(last) / n
    return seconds / rounds, final @ final


def main():
    option = argparse.ArgumentParser(description="MARINA with Rand-K in numpy and scipy")
    option.add_argument("file")
    option.add_argument("--rounds", type=int, default=1000)
    option.add_argument("--k", type=int, default=10)
    option.add_argument("--clients", type=int, default=5)
    option.add_argument("--p", type=float)
    option.add_argument("--seed", type=int, default=1)
    option.add_argument("--form", choices=["csr", "loop"], default="csr")
    o = option.parse_args()
    rows, labels = read_libsvm(o.file)
    m, d = rows.shape[0] // o.clients, rows.shape[1]
    kind = LoopClient if o.form == "loop" else Client
    clients = [kind(rows[i * m:(i + 1) * m], labels[i * m:(i + 1) * m]) for i in range(o.clients)]
    omega = d / o.k - 1
    p = o.k / d if o.p is None else o.p
    smoothness = np.sqrt(np.mean([c.smoothness**2 for c in clients]))
    gamma = 1 / (smoothness * (1 + np.sqrt((1 - p) / p * omega / o.clients)))
    seconds, norm_sq = marina(clients, d, o.k, p, gamma, o.rounds, np.random.default_rng(o.seed), o.form == "loop")
    print(f"{seconds:.9f} {norm_sq:.17g} {gamma:.17g} {p:.17g}")


main()
