"""Whole numbers: split a total into integer parts that sum to it, whatever the order of the rows."""

from __future__ import annotations

import numpy as np

from ..kernels import kernel


@kernel
def split_integer(total, weights, keys):
    """Split an int64 total into integer parts in proportion to weights; remainders by largest fraction.

    weights (n,) >= 0 (NaN and negative count as 0; if all are 0, all are equal); keys (n,) uint64, distinct:
    they break ties, and sums run in their order, so permuting rows permutes the parts and changes nothing
    else. Each part lies within one of its exact share (|total| < 2^53). A row of weight 0 gets 0. A negative
    total gives the negative of the parts of its size. Of no rows nothing can be made: the parts are empty
    whatever the total.
    """
    n = weights.shape[0]
    parts = np.zeros(n, np.int64)
    if n == 0 or total == 0:
        return parts
    sign = 1 if total > 0 else -1
    size = np.int64(total) * sign
    order = np.argsort(keys, kind="mergesort")
    weight = np.empty(n)
    largest = 0.0
    for q in range(n):
        weight[q] = weights[order[q]] if weights[order[q]] > 0.0 else 0.0
        largest = max(largest, weight[q])
    whole = 0.0
    for q in range(n):
        if not largest > 0.0:
            weight[q] = 1.0
        elif largest == np.inf:
            weight[q] = 1.0 if weight[q] == np.inf else 0.0
        else:
            weight[q] /= largest
        whole += weight[q]
    fraction = np.empty(n)
    rest = size
    for q in range(n):
        share = size * (weight[q] / whole)
        floor = np.int64(np.floor(share)) if share < size else size  # (a float of 2^63 would not fit)
        parts[order[q]] = floor
        rest -= floor
        fraction[q] = floor - share if weight[q] > 0.0 else 2.0  # largest first; weight 0 never
    rank = np.argsort(fraction, kind="mergesort")
    takers = 0
    for q in range(n):
        if weight[q] > 0.0:
            takers += 1
    if rest >= 0:
        each = rest // takers
        extra = rest - each * takers
        for q in range(takers):
            parts[order[rank[q]]] += each + (1 if q < extra else 0)
    else:
        # totals near 2^53 and above: rounding made the floors too large; the smallest fractions give back
        while rest < 0:
            each = -(rest // takers)  # rounded up
            for q in range(takers - 1, -1, -1):
                back = min(each, parts[order[rank[q]]], -rest)
                parts[order[rank[q]]] -= back
                rest += back
    if sign < 0:
        for q in range(n):
            parts[q] = -parts[q]
    return parts


@kernel
def split_by_group(totals, group, weights, keys):
    """Split each total (G,) over the rows of its group (n,) by `split_integer`. Returns (n,) int64."""
    parts = np.zeros(group.shape[0], np.int64)
    for g in range(totals.shape[0]):
        rows = np.flatnonzero(group == g)
        parts[rows] = split_integer(totals[g], weights[rows], keys[rows])
    return parts
