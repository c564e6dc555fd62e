"""Compares what `tests/it/statistics.rs` computed with esda, scikit-learn, scipy and h3."""

import json
import sys
import warnings

import h3
import numpy as np
from esda.getisord import G_Local
from libpysal.weights import W
from scipy import stats
from sklearn.cluster import DBSCAN, HDBSCAN
from sklearn.metrics import adjusted_rand_score

warnings.filterwarnings("ignore")
RADIUS_M = 6_371_008.8


def close(name, ours, theirs, rtol=1e-9, atol=1e-12):
    ours, theirs = np.asarray(ours, float), np.asarray(theirs, float)
    worst = np.max(np.abs(ours - theirs) - rtol * np.abs(theirs)) if ours.size else 0
    assert worst <= atol, f"{name}: off by {worst}"
    print(f"{name}: {ours.size} values agree")


def weights(case):
    lists = {i: list(near) for i, near in enumerate(case["neighbours"])}
    return W(lists, silence_warnings=True)


def getis(case):
    values = np.array(case["values"], float)
    local = G_Local(values, weights(case), transform="B", star=True, permutations=0)
    close("Gi*, esda", case["z"], local.Zs, rtol=1e-8)


def permuted(case):
    values = np.array(case["values"], float)
    local = G_Local(values, weights(case), transform="B", star=True, permutations=999, seed=3, n_jobs=1)
    ours, theirs = np.array(case["p"]), local.p_sim
    # Both are drawn: a p of 0.5 from 999 draws has a deviation of 0.016.
    mean, worst = np.mean(ours - theirs), np.max(np.abs(ours - theirs))
    assert abs(mean) < 0.005 and worst < 0.08, f"permutations: {mean} {worst}"
    print(f"permutations, esda: {ours.size} p within {worst:.3f}, on the average {mean:+.4f}")


def same_partition(name, ours, theirs):
    pairs = set(zip(ours, theirs))
    assert len(pairs) == len(set(ours)) == len(set(theirs)), f"{name}: other clusters"


def dbscan(case):
    points = np.radians(np.array(case["places"])[:, ::-1])
    eps = case["eps_m"] / RADIUS_M
    found = DBSCAN(eps=eps, min_samples=case["min_points"], metric="haversine").fit(points)
    core = np.zeros(len(points), bool)
    core[found.core_sample_indices_] = True
    labels = np.array([-1 if label is None else label for label in case["labels"]])
    assert (core == np.array(case["core"])).all(), "dbscan: other core points"
    assert ((labels < 0) == (found.labels_ < 0)).all(), "dbscan: other noise"
    same_partition("dbscan", labels[core], found.labels_[core])
    # Border points belong to their nearest core point.
    sites = points[core]
    for i in np.flatnonzero(~core & (labels >= 0)):
        hav = (np.sin((sites[:, 0] - points[i, 0]) / 2) ** 2 + np.cos(points[i, 0])
               * np.cos(sites[:, 0]) * np.sin((sites[:, 1] - points[i, 1]) / 2) ** 2)
        assert labels[i] == labels[core][np.argmin(hav)], "dbscan: a border point"
    print(f"DBSCAN, scikit-learn: {len(points)} points, {labels.max() + 1} clusters, "
          f"{(labels < 0).sum()} noise")


def hdbscan(case):
    points = np.radians(np.array(case["places"])[:, ::-1])
    found = HDBSCAN(min_cluster_size=case["min_cluster_size"], min_samples=case["min_samples"],
                    metric="haversine", algorithm="brute", copy=True).fit(points)
    ours = np.array([-1 if label is None else label for label in case["labels"]])
    theirs = found.labels_
    lat, lon = points[:, 0], points[:, 1]
    hav = (np.sin((lat[:, None] - lat) / 2) ** 2
           + np.cos(lat[:, None]) * np.cos(lat) * np.sin((lon[:, None] - lon) / 2) ** 2)
    core = np.sort(hav, axis=1)[:, case["min_samples"] - 1]
    reach = np.maximum(np.maximum(hav, core[:, None]), core)
    # The cluster of theirs that each of ours is.
    name = {-1: -1}
    for label in set(ours) - {-1}:
        values, counts = np.unique(theirs[ours == label], return_counts=True)
        name[label] = values[np.argmax(counts)]
    assert len(set(name.values())) == len(set(theirs)), "hdbscan: other clusters"
    other = np.flatnonzero(np.array([name[label] for label in ours]) != theirs)
    # They part only over points that reach two sides equally well, where the order of equal edges
    # decides: theirs is their sort's, ours is the nearer first.
    for i in other:
        sides = [(labels == labels[i]) & (np.arange(len(ours)) != i) & (labels >= 0)
                 for labels in (ours, theirs)]
        far = [reach[i][side].min() if side.any() else core[i] for side in sides]
        assert abs(far[0] / far[1] - 1) < 1e-9, f"hdbscan: point {i} is no tie"
    assert len(other) <= len(ours) // 50, f"hdbscan: {len(other)} points differ"
    score = adjusted_rand_score(ours, theirs)
    print(f"HDBSCAN, scikit-learn: {len(ours)} points, {ours.max() + 1} clusters, "
          f"{len(other)} ties fall otherwise, adjusted Rand index {score:.4f}")


def tails(case):
    close("normal tails, scipy", case["two_sided"], 2 * stats.norm.sf(np.abs(case["z"])))
    n, k, share = np.array(case["binomial"]).T
    close("binomial upper tails, scipy", case["upper"], stats.binom.sf(k - 1, n, share), rtol=1e-7)
    close("binomial lower tails, scipy", case["lower"], stats.binom.cdf(k, n, share), rtol=1e-7)
    close("false discovery rates, scipy", case["q"],
          stats.false_discovery_control(case["p"], method="bh"))


def trends(case):
    ours, theirs = [], []
    for series, z in zip(case["series"], case["z"]):
        y = np.array(series)
        s = sum(np.sign(y[j] - y[i]) for i in range(len(y)) for j in range(i + 1, len(y)))
        p = stats.kendalltau(np.arange(len(y)), y, method="asymptotic").pvalue
        if s == 0:
            ours.append(z), theirs.append(0.0)
            continue
        # scipy's z has no correction for continuity: S / σ. Its σ knows ties.
        sigma = abs(s) / stats.norm.isf(p / 2)
        ours.append(z), theirs.append((s - np.sign(s)) / sigma)
    close("Mann-Kendall, scipy", ours, theirs, rtol=1e-6, atol=1e-6)


def scan(case):
    places, ages = np.array(case["places"]), np.array(case["ages"])
    best = (0.0,)
    for width, zone in enumerate(case["zones"]):
        for place, near in enumerate(zone):
            inside = np.isin(places, [place, *near])
            for days in range(1, 15):
                recent = ages < days
                count, all_ = (inside & recent).sum(), len(ages)
                expected = inside.sum() * recent.sum() / all_
                if count >= 3 and count > expected:
                    rest = all_ - count
                    ratio = count * np.log(count / expected)
                    ratio += rest * np.log(rest / (all_ - expected))
                    best = max(best, (ratio, place, width, days))
    assert abs(best[0] - case["ratio"]) < 1e-9, f"scan: {best} and {case['ratio']}"
    print(f"scan, every cylinder by hand: the largest ratio is {best[0]:.4f}")


def cells(case):
    for (lon, lat), resolution, cell in case:
        assert h3.latlng_to_cell(lat, lon, resolution) == cell, (lon, lat, resolution)
    print(f"cells, h3: {len(case)} agree")


for name, case in json.load(open(sys.argv[1])).items():
    globals()[name.rstrip("0123456789")](case)
