"""Names mean nothing: exchange two nations in every table, and every output is exchanged."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from wattrace.model import World
from wattrace.scenarios.scenario import Scenario
from wattrace.world.tables import Table, Tables

TEXT = {"source", "notes", "note", "name", "about", "title", "words", "unit", "confidence", "known_from"}
MONTHS = "2027-01"


def pairs(tables) -> dict[str, str]:
    """Return {label: label that takes its place} of the two leading nations and, in row order, of their zones."""
    one, two = tables.labels("nations")[:2]
    zones = tables["zones"]
    first, second = ([str(z) for z in zones["zone"][zones["nation"] == nation]] for nation in (one, two))
    assert len(first) == len(second), "zones are exchanged pairwise"
    straight = {one: two, **dict(zip(first, second, strict=True))}
    return straight | {b: a for a, b in straight.items()}


def swapped(tables, *, keep_order: bool):
    """Return tables with the labels exchanged; `keep_order` puts the rows of nations and zones back into their places."""
    new_label = pairs(tables)
    out = {}
    for name, table in tables.tables.items():
        columns = {
            column: np.array([new_label.get(v, v) for v in values], dtype=object)
            if values.dtype == object and column not in TEXT else values.copy()
            for column, values in table.columns.items()
        }  # fmt: skip
        new = Table(name, columns, table.keys)
        if keep_order and name in ("nations", "zones"):
            place = {label: i for i, label in enumerate(columns[table.keys[0]])}
            new = new.take(np.array([place[label] for label in table[table.keys[0]]]))
        if keep_order and name == "links":  # lines stand network by network, in the order of the zones
            order = {str(zone): i for i, zone in enumerate(tables["zones"]["zone"])}
            nation = {str(z): str(n) for z, n in zip(tables["zones"]["zone"], tables["zones"]["nation"], strict=True)}
            first = {n: min(order[z] for z in order if nation[z] == n) for n in nation.values()}
            new = new.take(np.argsort([first[nation[z]] for z in columns["from_zone"]], kind="stable"))
        out[name] = new
    changed = copy.copy(tables)
    changed.tables = out
    return changed


# Dispatch is least-cost within a tolerance and settles in whole kW, so the order of rows decides the last digits; what it
# decides beyond that is a fault (a table read at another row's place, say)
ORDER_MONTHS = 3
ORDER_WITHIN = 2e-3


def run(tables):
    return World(Scenario(name="swap", draws=False), seed=1, until=MONTHS, tables=tables).run_to()


@pytest.fixture(scope="module")
def plain(tables):
    return run(tables)


def assert_exchanged(plain, other, within=1e-9, least=1e-6, months=None):
    new_label = pairs(plain.tables)
    assert other.record.written == plain.record.written
    wrong = []
    for variable, mine in plain.record.data.items():
        scope = plain.record.scope[variable]
        names, theirs = plain.record.regions[scope], other.record.regions[scope]
        order = [theirs.index(new_label.get(name, name)) for name in names]
        mine, have = mine[:months], other.record.data[variable][:months, order]
        gap = np.abs(have - mine) / np.maximum(np.maximum(np.abs(mine), np.abs(have)), least)
        if not (gap <= within).all():
            month, place = np.unravel_index(np.nanargmax(gap), gap.shape)
            first = int(np.flatnonzero((gap > within).any(axis=1))[0])
            here, there = mine[month, place], have[month, place]
            wrong.append(f"{variable} of {names[place]} in month {month}: {here!r} against {there!r} (from month {first})")
    assert not wrong, f"{len(wrong)} variables:\n" + "\n".join(wrong)


def test_exchanging_two_nations_exchanges_every_output(plain, tables):
    assert_exchanged(plain, run(swapped(tables, keep_order=False)))


def test_the_order_of_nations_and_zones_decides_no_more_than_the_last_digits(plain, tables):
    other = run(swapped(tables, keep_order=True))
    assert_exchanged(plain, other, within=ORDER_WITHIN, least=1e-3, months=ORDER_MONTHS)


def test_swapping_twice_gives_the_tables_back(tables):
    again = swapped(swapped(tables, keep_order=False), keep_order=False)
    for name, table in tables.tables.items():
        for column, values in table.columns.items():
            assert list(values) == list(again[name][column]), (name, column)
    assert isinstance(again, Tables)
