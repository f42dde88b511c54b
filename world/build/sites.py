"""What a month of building costs, employs and leaves under way: all sums over projects in one walk over the rows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..columns import Columns
from ..kernels import kernel
from .projects import BUILD, DONE, EQUIPMENT, PERMIT


class Sites(NamedTuple):
    """Sums over the rows of projects; Z zones, K technologies (kind K is a hall), C AI companies."""

    bill_musd: np.ndarray  # [parties] paid to builders this month
    jobs: np.ndarray  # [nations] workers whom the sites want
    plants_gw: np.ndarray  # [Z, K] under way
    halls_gw: np.ndarray  # [C, Z] under way


def builders_usd_per_kw(capex, usual_parts, least_share):
    """Return what builders of plants get, USD/kW [N, K]: `capex` without parts at their usual price, `least_share` of it at least.

    Learning lowers `capex` as a whole; what parts really cost is paid to their makers.
    """
    return np.maximum(capex - usual_parts, least_share * capex)


@kernel
def _walk(zone, kind, owner, gw, stage, funded, zone_nation, first_company, musd_per_gw, jobs_per_gw, bill, jobs, plants, halls):
    """Add every live row to the sums, in the order of the rows."""
    technologies = plants.shape[1]
    for i in range(stage.shape[0]):
        if stage[i] == DONE:
            continue
        z, k = zone[i], kind[i]
        if k < technologies:
            plants[z, k] += gw[i]
        else:
            halls[owner[i] - first_company, z] += gw[i]
        # nobody works where nobody is paid
        if stage[i] == BUILD and funded[i]:
            n = zone_nation[z]
            bill[owner[i]] += gw[i] * musd_per_gw[n, k]
            jobs[n] += gw[i] * jobs_per_gw[k]


def visit(
    projects: Columns, zone_nation: np.ndarray, musd_per_gw: np.ndarray, jobs_per_gw: np.ndarray, *, parties: int,
    companies: np.ndarray,
) -> Sites:  # fmt: skip
    """Return what is on site and under way now.

    `musd_per_gw` [N, K + 1] is what a GW in building pays its builders this month, `jobs_per_gw` [K + 1] whom it
    employs; the last kind is the hall. `companies` [C] are the parties that own halls, numbered without a gap.
    """
    nations, kinds = musd_per_gw.shape
    zones = len(zone_nation)
    sums = Sites(np.zeros(parties), np.zeros(nations), np.zeros((zones, kinds - 1)), np.zeros((len(companies), zones)))
    p = projects
    _walk(p.zone, p.kind, p.owner, p.gw, p.stage, p.funded, zone_nation, companies[0], musd_per_gw, jobs_per_gw, *sums)
    return sums


@kernel
def _need(zone, kind, owner, gw, stage, funded, permit_left, queue_left, zone_nation, part_need, ahead, need):
    """Add what every row that is due wants of each part."""
    classes = part_need.shape[1]
    for i in range(stage.shape[0]):
        if stage[i] > EQUIPMENT or not funded[i]:
            continue
        left = 0.0
        if stage[i] < EQUIPMENT:
            left = queue_left[i] + (permit_left[i] if stage[i] == PERMIT else 0.0)
        if left > ahead:
            continue
        n = zone_nation[zone[i]]
        for part in range(classes):
            need[n, owner[i], part] += part_need[kind[i], part] * gw[i]


def parts_needed(projects: Columns, zone_nation, part_need, ahead_months, nations: int, parties: int) -> np.ndarray:
    """Return [N, parties, P] units of parts that projects need which wait for them or are due within `ahead_months`.

    `part_need` [J, P] units per GW.
    """
    need = np.zeros((nations, parties, part_need.shape[1]))
    p = projects
    _need(p.zone, p.kind, p.owner, p.gw, p.stage, p.funded, p.permit_left, p.queue_left, zone_nation, part_need, ahead_months, need)
    return need
