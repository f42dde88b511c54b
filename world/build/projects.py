"""Plants and AI halls under way: permit, queue, parts, building; and what each of them waits for.

Every month of every gigawatt is booked to one cause of `limiting.CAUSES`, in fractions of a month where a
stage ends inside it; "none" is the time that building takes anyway. Rows stand in the order in which they
were started, which is the order parts are handed out in (first come, first served). If the parts of a nation
end inside a project, the part that got them is split off as a new row and the rest keeps its place. A nation
short of labour builds everything equally slower.

Axes: R rows, N nations, J kinds (technologies, then halls), P part classes, C causes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..columns import Column, Columns
from ..kernels import kernel, kernel_inside
from ..limiting import CAUSE, CAUSES

PARTS = ("turbines", "transformers", "modules", "cells")
WAITS = CAUSES[: CAUSE["capital"] + 1]
PERMIT, QUEUE, EQUIPMENT, BUILD, DONE = range(5)

_NORMAL, _PERMIT, _QUEUE, _LABOUR, _CAPITAL = (
    CAUSE[name] for name in ("none", "permit", "interconnection", "labour", "capital")
)
_FIRST_PART = CAUSE[PARTS[0]]
_COMPLETE = 1e-9  # months of building left that count as none
_COMPACT_ABOVE = 256  # rows that are done before they are dropped
_MIX = 0x1E3779B97F4A7C15  # odd, so that no bit of a key is lost in the hash

PROJECT_COLUMNS = {
    "zone": Column("index", np.int16(-1)),
    "kind": Column("index", np.int16(-1)),
    "owner": Column("party", np.int16(-1)),
    "gw": Column("GW"),
    "stage": Column("PERMIT..DONE", np.int8(PERMIT)),
    "started": Column("month", np.int32(0)),
    "permit_left": Column("months"),
    "queue_left": Column("months"),
    "build_left": Column("months"),
    "withdraw_left": Column("months in the queue until it is given up", np.inf),
    "funded": Column("can its owner pay for parts and building", True),
}


class Rules(NamedTuple):
    """What the month needs to know about kinds; constant until a policy changes it."""

    needs: np.ndarray  # [J, P] units of a part class per GW (GW per GW, as a rule)
    jobs_per_gw: np.ndarray  # [J] workers on site per GW under construction
    smallest_gw: float = 0.0  # parts for less are kept for next month rather than splitting a project


class Advance(NamedTuple):
    """What a month brought: what was commissioned, one entry per row, and sums by nation."""

    zone: np.ndarray
    kind: np.ndarray
    owner: np.ndarray
    gw: np.ndarray
    withdrawn_gw: np.ndarray  # [N, J]
    waiting_gw: np.ndarray  # [N, C] GW-months of this month by cause
    labour_speed: np.ndarray  # [N] 0 .. 1


def new_projects() -> Columns:
    """Return no projects."""
    return Columns(PROJECT_COLUMNS)


def under_way_gw(projects: Columns) -> float:
    """Return what has been started and neither commissioned nor withdrawn, GW."""
    return float(projects.gw[projects.stage != DONE].sum())


def withdraw_after(uniform, completion, queue_months) -> np.ndarray:
    """Return `withdraw_left`: inf where `uniform` < `completion`, else spread evenly over the queue."""
    share = np.minimum(np.maximum((uniform - completion) / np.maximum(1.0 - completion, 1e-12), 0.0), 1.0)
    return np.where(uniform < completion, np.inf, queue_months * share)


def start(
    projects: Columns,
    zone,
    kind,
    owner,
    gw,
    month: int,
    permit,
    queue,
    build,
    withdraw_left=np.inf,
):
    """Append projects [B]; `permit`, `queue`, `build` are months (scalars or [B]). Nothing is merged."""
    return projects.append(
        len(zone), zone=zone, kind=kind, owner=owner, gw=gw, started=month,
        permit_left=permit, queue_left=queue, build_left=build, withdraw_left=withdraw_left,
    )  # fmt: skip


@kernel
def _rescale(zone, permit_left, queue_left, zone_nation, permit_ratio, queue_ratio):
    """Multiply what is left of every row's waits by its nation's ratios."""
    for i in range(zone.shape[0]):
        n = zone_nation[zone[i]]
        permit_left[i] *= permit_ratio[n]
        queue_left[i] *= queue_ratio[n]


def rescale_waits(projects: Columns, zone_nation, permit_ratio: np.ndarray, queue_ratio: np.ndarray) -> None:
    """Let the permits and studies under way take `permit_ratio` and `queue_ratio` [N] times as long as they still would."""
    p = projects
    _rescale(p.zone, p.permit_left, p.queue_left, zone_nation, permit_ratio, queue_ratio)


@kernel
def _paper_and_parts(
    zone, kind, gw, stage, permit_left, queue_left, withdraw_left, funded, zone_nation,
    needs, smallest_gw, parts, month_left, split_row, split_gw, building, withdrawn, waiting,
):  # fmt: skip
    """Permits, queue and parts of all rows; returns (splits, rows in building): `building` lists the latter in their order."""
    splits = sites = 0
    classes = parts.shape[1]
    for i in range(stage.shape[0]):
        if stage[i] >= BUILD:
            if stage[i] == BUILD:
                month_left[i] = 1.0
                building[sites] = i
                sites += 1
            continue
        n = zone_nation[zone[i]]
        k = kind[i]
        left = 1.0
        if stage[i] < EQUIPMENT:
            in_permit = min(left, permit_left[i])
            in_queue = min(left - in_permit, queue_left[i])
            permit_left[i] -= in_permit
            queue_left[i] -= in_queue
            waiting[n, _PERMIT] += gw[i] * in_permit
            waiting[n, _QUEUE] += gw[i] * in_queue
            left -= in_permit + in_queue
            if in_queue > 0.0:
                withdraw_left[i] -= in_queue
                if withdraw_left[i] <= 0.0:
                    withdrawn[n, k] += gw[i]
                    stage[i] = DONE
                    continue
            if permit_left[i] > 0.0 or queue_left[i] > 0.0:
                stage[i] = PERMIT if permit_left[i] > 0.0 else QUEUE
                continue
            stage[i] = EQUIPMENT
        month_left[i] = max(left, 0.0)
        if not funded[i]:
            waiting[n, _CAPITAL] += gw[i] * month_left[i]
            continue
        fraction, scarce = 1.0, -1
        for p in range(classes):
            need = needs[k, p] * gw[i]
            if need > 0.0 and parts[n, p] < need * fraction:
                fraction = max(parts[n, p], 0.0) / need
                scarce = p
        take = fraction * gw[i]
        if scarce >= 0 and take <= smallest_gw:
            take = 0.0
        elif take >= gw[i] * (1.0 - 1e-12):
            scarce = -1  # short by rounding only
        if take > 0.0:
            for p in range(classes):
                parts[n, p] = max(0.0, parts[n, p] - needs[k, p] * take)
        if scarce < 0:
            stage[i] = BUILD
            building[sites] = i
            sites += 1
            continue
        if take > 0.0:
            parts[n, scarce] = 0.0
            split_row[splits] = i
            split_gw[splits] = take
            splits += 1
            gw[i] -= take
        waiting[n, _FIRST_PART + scarce] += gw[i] * month_left[i]
    return splits, sites


@kernel
def _build(
    zone, kind, gw, stage, build_left, funded, zone_nation, jobs_per_gw, labour, month_left, building, needed,
    speed, done, waiting,
):  # fmt: skip
    """Work on the rows listed in `building`; returns how many are done, their indices in `done`."""
    needed[:] = 0.0
    for i in building:
        if funded[i]:
            needed[zone_nation[zone[i]]] += gw[i] * jobs_per_gw[kind[i]] * month_left[i]
    for n in range(needed.shape[0]):
        speed[n] = min(1.0, max(labour[n], 0.0) / needed[n]) if needed[n] > 0.0 else 1.0
    finished = 0
    for i in building:
        n = zone_nation[zone[i]]
        left = month_left[i]
        if not funded[i]:
            waiting[n, _CAPITAL] += gw[i] * left
            continue
        work = left * speed[n]
        time = left
        if work >= build_left[i]:
            work = build_left[i]
            time = work / speed[n] if speed[n] > 0.0 else 0.0
        build_left[i] -= work
        waiting[n, _NORMAL] += gw[i] * work
        waiting[n, _LABOUR] += gw[i] * (time - work)
        if build_left[i] <= _COMPLETE:
            done[finished] = i
            finished += 1
            stage[i] = DONE
    return finished


def advance(projects: Columns, zone_nation, rules: Rules, parts: np.ndarray, labour: np.ndarray) -> Advance:
    """Move all projects by one month and return what was commissioned, withdrawn and waited for.

    `parts` [N, P] are the units at hand this month; what is used is taken off in place, the rest stays for
    the caller. `labour` [N] workers; a crew stays on its site for the whole month. Rows that are done are
    dropped now and then. GW are conserved: started = commissioned + withdrawn + `under_way_gw`.
    """
    done_rows = np.count_nonzero(projects.stage == DONE)
    if done_rows > _COMPACT_ABOVE and 4 * done_rows > len(projects):
        projects.keep(projects.stage != DONE)
    nations, kinds = len(labour), len(rules.jobs_per_gw)
    rows = len(projects)
    most = rows + nations * len(PARTS)  # a class of a nation runs out once
    month_left = np.empty(most)
    split_row = np.empty(nations * len(PARTS), dtype=np.int64)
    split_gw = np.empty(nations * len(PARTS))
    building = np.empty(most, dtype=np.int64)
    withdrawn, waiting = np.zeros((nations, kinds)), np.zeros((nations, len(WAITS)))
    p = projects
    splits, at_work = _paper_and_parts(
        p.zone, p.kind, p.gw, p.stage, p.permit_left, p.queue_left, p.withdraw_left, p.funded, zone_nation,
        rules.needs, rules.smallest_gw, parts, month_left, split_row, split_gw, building, withdrawn, waiting,
    )  # fmt: skip
    if splits:
        _append_splits(projects, split_row[:splits], split_gw[:splits], month_left)
        building[at_work : at_work + splits] = np.arange(rows, rows + splits)
    building = building[: at_work + splits]
    speed = np.empty(nations)
    done = np.empty(len(building), dtype=np.int64)
    finished = _build(
        p.zone, p.kind, p.gw, p.stage, p.build_left, p.funded, zone_nation, rules.jobs_per_gw,
        labour, month_left, building, np.empty(nations), speed, done, waiting,
    )  # fmt: skip
    at = done[:finished]
    return Advance(p.zone[at], p.kind[at], p.owner[at], p.gw[at], withdrawn, waiting, speed)


def _append_splits(projects: Columns, row, gw, month_left) -> None:
    """Append the parts of `row` that got equipment, ready to be built in what is left of this month."""
    values = {name: getattr(projects, name)[row] for name in projects.spec}
    values.update(gw=gw, stage=BUILD)
    first = len(projects)
    projects.append(len(row), **values)
    month_left[first : first + len(row)] = month_left[row]


@kernel_inside
def _same(i, j, zone, kind, owner, stage, funded, whole, started, permit_left, queue_left, withdraw_left):
    """Tell whether rows `i` and `j` differ in nothing that matters."""
    if (
        zone[i] != zone[j] or kind[i] != kind[j] or owner[i] != owner[j] or stage[i] != stage[j]
        or funded[i] != funded[j] or whole[i] != whole[j]
    ):  # fmt: skip
        return False
    return stage[i] == BUILD or (
        started[i] == started[j]
        and permit_left[i] == permit_left[j]
        and queue_left[i] == queue_left[j]
        and withdraw_left[i] == withdraw_left[j]
    )


@kernel
def _join(
    zone, kind, owner, gw, stage, started, permit_left, queue_left, build_left, withdraw_left, funded, whole, slots, keep,
):  # fmt: skip
    """Add each row to the first one like it, found by hash; rows that stay are marked in `keep`."""
    mask = slots.shape[0] - 1  # a power of two, less one
    gone = 0
    for i in range(stage.shape[0]):
        if stage[i] == DONE:
            continue
        building = stage[i] == BUILD
        whole[i] = np.ceil(build_left[i]) if building else build_left[i]
        seed = (zone[i] * _MIX + kind[i]) * _MIX + owner[i]
        seed = seed * _MIX + np.int64(whole[i])
        if not building:
            paper = np.int64(permit_left[i]) * _MIX + np.int64(queue_left[i])
            seed = (seed * _MIX + started[i]) * _MIX + paper
        slot = (seed ^ (seed >> 32)) & mask
        while slots[slot] >= 0 and not _same(
            i, slots[slot], zone, kind, owner, stage, funded, whole, started, permit_left, queue_left, withdraw_left
        ):
            slot = (slot + 1) & mask
        j = slots[slot]
        if j < 0:
            slots[slot] = i
            keep[i] = True
            continue
        total = gw[j] + gw[i]
        weight = gw[i] / total if total > 0.0 else 0.0
        build_left[j] += weight * (build_left[i] - build_left[j])
        gw[j] = total
        gone += 1
    return gone


def merge(projects: Columns) -> int:
    """Drop rows that are done and join those that differ in nothing that matters; return how many were joined.

    Before building: same zone, kind, owner, month started and times left. In building: same zone, kind,
    owner, funding and whole months left; their months left are averaged by GW, so completion shifts by less
    than a month. GW are conserved; the first row keeps its place.
    """
    p, rows = projects, len(projects)
    keep = np.zeros(rows, dtype=bool)
    # at most half full, so that a search stays short
    slots = np.full(1 << (2 * rows).bit_length(), -1)
    gone = _join(
        p.zone, p.kind, p.owner, p.gw, p.stage, p.started, p.permit_left, p.queue_left, p.build_left, p.withdraw_left, p.funded,
        np.empty(rows), slots, keep,
    )  # fmt: skip
    projects.keep(keep)
    return gone
