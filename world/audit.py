"""The monthly audit: coins, energy and chips are accounted for, or the run stops."""

from __future__ import annotations

from typing import Any

import numpy as np

from .kernels import kernel
from .power import accredit_audit
from .sums import row_sum

_ENERGY_TOLERANCE = 1e-6  # GWh per GWh: the clearing balances every hour to rounding
_CHIP_TOLERANCE = 1e-9
_HOURS_PER_DAY = 24.0
_MUSD_TOLERANCE = 1e-6  # of the largest balance: payments are rounded to whole kW


class AuditFailure(RuntimeError):
    """A conservation law does not hold; the message names the month, who, and how much."""


def check(world: Any) -> None:
    """Audit one month. Raises AuditFailure."""
    state = world.state
    date = world.date
    nations = world.places.nations
    again = recount(world)
    for n, text, gap in state.ledger.faults(again):
        raise AuditFailure(f"{date}: {nations[n]}: {text} is off by {gap} kW")
    scale = max(float(state.power.load_gwh.sum()), 1.0)
    if abs(state.power.imbalance_gwh) > _ENERGY_TOLERANCE * scale:
        raise AuditFailure(f"{date}: energy in less energy out and losses is {state.power.imbalance_gwh:.6g} GWh, must be 0")
    _check_plants(world, date)
    _check_chips(world, date)
    _check_books(world, date)


@kernel
def _impossible(energy, fleet, is_store, hours, slack):
    """Return (zone, technology, GWh) that no plant could have made: a store gives more than it takes, or more than stands; else −1."""
    for z in range(energy.shape[0]):
        for k in range(energy.shape[1]):
            most = 0.0 if is_store[k] else fleet[z, k] * hours
            if energy[z, k] > most + slack:
                return z, k, energy[z, k] - most
            if not is_store[k] and energy[z, k] < -slack:
                return z, k, energy[z, k]
    return -1, -1, 0.0


def _check_plants(world: Any, date: str) -> None:
    """No store gives back more than it took, and no plant makes more than it can."""
    state, places = world.state, world.places
    power = state.power
    slack = _ENERGY_TOLERANCE * max(float(power.load_gwh.sum()), 1.0)
    days = world.calendar.days(state.month) if world.statics.growth else world.statics.mean_days
    z, k, gwh = _impossible(power.energy, state.fleet_gw, places.is_store, _HOURS_PER_DAY * days, slack)
    if z >= 0:
        word = "gives more than it takes" if places.is_store[k] else "makes more than it can, or less than nothing"
        raise AuditFailure(f"{date}: {places.zones[z]}: {places.technologies[k]} {word}: off by {gwh:.6g} GWh")


def recount(world: Any) -> np.ndarray:
    """Return accredited kW [N] proved anew from the plant rows by other algorithms (`accredit_audit`)."""
    state, statics = world.state, world.statics
    plants = state.plants
    proof = accredit_audit.certify(
        plants.zone, plants.technology, plants.capacity_gw, state.days, statics.system.grid, statics.link_matrix_gw,
        state.accreditation.supply_gw,
    )  # fmt: skip
    for bad, word in ((proof.too_high, "more"), (proof.too_low, "less")):
        if bad.any():
            zone = world.places.zones[int(np.argwhere(bad)[0][0])]
            raise AuditFailure(f"{world.date}: {zone} is accredited with {word} than its plants can carry, by over half a kW")
    return proof.coins_kw


def _check_chips(world: Any, date: str) -> None:
    state = world.state
    have = state.ai.chips_h100e.sum() + state.orbit_h100e.sum() + state.transit_h100e.sum() + state.fab.stock_h100e.sum()
    made = state.chips_opening + state.chips_made_total.sum() - state.chips_scrapped_total.sum()
    if abs(have - made) > _CHIP_TOLERANCE * max(made, 1.0):
        raise AuditFailure(
            f"{date}: chips held, in transit and in stock are {have:.6f} H100e; made less scrapped {made:.6f}: off by {have - made:.6g}"
        )


@kernel
def _gaps(opening, closing, revaluation, flow, capital, change, explained, gap):
    """Write how net worth changed, what explains it, and the difference [A], MUSD; return the largest balance."""
    largest = 0.0
    for p in range(gap.shape[0]):
        change[p] = row_sum(closing[p]) - row_sum(opening[p])
        explained[p] = flow[p] + capital[p] + row_sum(revaluation[p])
        gap[p] = change[p] - explained[p]
        for balance in closing[p]:
            largest = max(largest, abs(balance))
    return largest


def _check_books(world: Any, date: str) -> None:
    """No balance moves before settlement without a payment; net worth changes by flows, purchases and revaluation, nothing else."""
    state = world.state
    if state.unpaid is not None:
        party, balance, kw = state.unpaid
        raise AuditFailure(f"{date}: {balance} of {world.parties.names[party]} moved without a payment: off by {kw} kW")
    books = state.books[-1]
    change, explained, gap = np.empty((3, len(books.flow)))
    scale = max(_gaps(books.opening, books.closing, books.revaluation, books.flow, books.capital, change, explained, gap), 1.0)
    worst = int(np.abs(gap).argmax())
    if abs(gap[worst]) > _MUSD_TOLERANCE * scale:
        raise AuditFailure(
            f"{date}: net worth of {world.parties.names[worst]} changed by {change[worst]:.6f} MUSD, "
            f"flows, purchases and revaluation explain {explained[worst]:.6f}: off by {gap[worst]:.6g}"
        )
