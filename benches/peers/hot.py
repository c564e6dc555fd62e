"""esda and scikit-learn on what the bench wrote. Lines: name TAB milliseconds.

`hot.py cells FILE N`: counts of hexagons and their neighbours, in 32-bit words; esda's Gi*, and with
N above 0 its p-values by N permutations. `hot.py points FILE`: metres in a plane, as doubles;
scikit-learn's DBSCAN within 50 m of 5.
"""

import sys
import time
import warnings

import numpy as np

warnings.filterwarnings("ignore")


def timed(ask, times):
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        ask()
        taken.append((time.perf_counter() - began) * 1e3)
    return sorted(taken)[len(taken) // 2]


def cells(path, permutations):
    from esda.getisord import G_Local
    from libpysal.weights import W

    words = np.fromfile(path, dtype="<u4")
    n = int(words[0])
    values, starts, near = words[1:n + 1], words[n + 1:2 * n + 2], words[2 * n + 2:]
    lists = {i: near[starts[i]:starts[i + 1]].tolist() for i in range(n)}
    weights = W(lists, silence_warnings=True)
    values = values.astype(float)

    def ask(permutations):
        return G_Local(values, weights, transform="B", star=True, permutations=permutations, seed=1,
                       n_jobs=1)

    print(f"gi\t{timed(lambda: ask(0), 3)}")
    if permutations:
        ask(9)
        print(f"permutations\t{timed(lambda: ask(permutations), 1)}")


def points(path):
    from sklearn.cluster import DBSCAN

    places = np.fromfile(path, dtype="<f8").reshape(-1, 2)
    ask = lambda: DBSCAN(eps=50, min_samples=5, algorithm="kd_tree", n_jobs=2).fit(places)
    print(f"dbscan\t{timed(ask, 1)}")


if sys.argv[1] == "cells":
    cells(sys.argv[2], int(sys.argv[3]))
else:
    points(sys.argv[2])
