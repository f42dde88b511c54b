"""Which numbers of the state become which variables of the codelist."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from .kernels import kernel
from .sums import by_group

_GW = 1e-6  # kW to GW
_DUST = 1e-9  # of a sum: what rounding leaves
FAMILIES = ("Power|Capacity", "Power|Generation")  # told by technology too


@kernel
def _holdings(home, is_bank, coins, staked, shortfall, deposits, loans, arrears, coins_kw, staked_kw, shortfall_kw, balances):
    """Add up, by nation, who holds, stakes and lacks its coins in kW, and its people's deposits, loans and arrears in million units."""
    for p in range(home.shape[0]):
        for n in range(coins_kw.shape[0]):
            coins_kw[n] += coins[p, n]
            staked_kw[n] += staked[p, n]
            shortfall_kw[n] += shortfall[p, n]
        if not is_bank[p]:
            h = home[p]
            balances[0, h] += deposits[p] * _GW
            balances[1, h] += loans[p] * _GW
            balances[2, h] += arrears[p] * _GW


@cache
def technology_variables(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the variables told by technology, family by family, for technologies called `names`."""
    return tuple(f"{family}|{name}" for family in FAMILIES for name in names)


def month_values(world: Any) -> dict[str, Any]:
    """Return {variable: values} of the month that has just been simulated."""
    state, of = world.state, world.parties.of
    zones, nations = world.places.zone_nation, len(world.places.nations)
    home = world.parties.home
    located = state.powered_gw.sum(axis=0)
    return (
        _money(state, home, nations) | _power(state, zones, nations, located) | _fleet(world)
        | _compute(world, home[of["ai"]], nations) | _makers(world, state, home, of, nations)
    )  # fmt: skip


def _money(state: Any, home: np.ndarray, nations: int) -> dict[str, Any]:
    ledger = state.ledger
    coins_kw, staked_kw, shortfall_kw = np.zeros((3, nations), np.int64)
    balances = np.zeros((3, nations))
    _holdings(
        home, ledger.is_bank, ledger.coins, ledger.staked, ledger.shortfall, ledger.deposits, ledger.loans, ledger.arrears,
        coins_kw, staked_kw, shortfall_kw, balances,
    )  # fmt: skip
    held, staked = coins_kw * _GW, staked_kw * _GW
    musd = state.money_value * 1000.0  # per million units of money
    world_money = (state.money_value * state.accredited_kw).sum() / max(state.accredited_kw.sum(), 1)
    return {
        "Coin|Accredited": state.accredited_kw * _GW,
        "Coin|Outstanding": held,
        "Coin|Shortfall": shortfall_kw * _GW,
        "Coin|Staked": staked,
        "Coin|Rationed": state.rationed_gw,
        "Coin|Float": held - staked,
        "Coin|Value": state.value,
        "Coin|Forward Value": state.forward_value,
        "Coin|Rent": state.rent,
        "Coin|q": state.q,
        "Coin|Loan Rate": state.bank.loan_rate,
        "Coin|Cross Rate": state.money_value / world_money,
        "Coin|Minted": (ledger.minted_total - state.minted_before_kw) * _GW,
        "Coin|Bought Back": (ledger.bought_back_total - state.bought_back_before_kw) * _GW,
        "Money|Deposits": balances[0] * musd,
        "Money|Loans": balances[1] * musd,
        "Money|Arrears": balances[2] * musd,
        "Money|Foreign Claims": ledger.nostro.sum(axis=0) * musd * _GW,
        "Money|Turnover": np.bincount(home, state.turnover_musd, nations),
        "World|GDP": state.nation.gdp_musd,
    }


def _power(state: Any, zones: np.ndarray, nations: int, located: np.ndarray) -> dict[str, Any]:
    power = state.power
    values = by_group(zones, nations, {
        "Power|Load": power.load_gwh,
        "Power|Base Load": power.base_gwh,
        "Power|AI Load": power.ai_gwh,
        "Power|Design Peak": state.zone_peak_gw,
        "Power|Price": power.mean_price * power.load_gwh,
        "Power|Unserved": power.unserved_gwh,
        "Power|Curtailed": power.curtailed_gwh,
        "Power|Generation": power.energy.sum(axis=1),
        "Power|Emissions": power.emissions_mt,
        "Build|Planned Share": state.planned_gw_zone,
        "Build|Started": state.started_gw_zone.sum(axis=1),
        "Build|Under Way": state.under_way_gw.sum(axis=1),
        "Build|Added": state.added_gw_zone.sum(axis=1),
        "Build|Retired": state.retired_gw_zone.sum(axis=1),
        "Compute|Located": located,
    })  # fmt: skip
    values["Power|Price"] /= np.maximum(values["Power|Load"], 1e-12)
    values["Build|Planned Share"] /= np.maximum(values["Build|Started"], 1e-12)
    return values | {
        "Power|Zone Price": power.mean_price,
        "Power|Zone Load": power.load_gwh,
        "Power|Zone AI Load": power.ai_gwh,
        "Power|Zone Unserved": power.unserved_gwh,
        "Power|Zone Headroom": state.accreditation.supply_gw.min(axis=1) - state.zone_peak_gw,
        "Build|Labour Load": state.labour_load,
        "Compute|Zone AI": located,
    }


def _fleet(world: Any) -> dict[str, Any]:
    """Return capacity and generation by technology and nation."""
    state, places = world.state, world.places
    both = np.concatenate([state.fleet_gw, state.power.energy], axis=1)
    # zones of a nation stand side by side
    return dict(zip(technology_variables(places.technology_names), np.add.reduceat(both, places.first_zone).T, strict=True))


def _beyond(have: np.ndarray, used: np.ndarray) -> np.ndarray:
    """Return how much of `have` is not `used`; what rounding leaves is none."""
    left = have - used
    return np.where(left > _DUST * have, left, 0.0)


def _compute(world: Any, home: np.ndarray, nations: int) -> dict[str, Any]:
    state, ai = world.state, world.state.ai
    powered_h100e, owned_h100e = ai.powered_h100e + state.orbit_h100e, ai.chips_h100e + state.orbit_h100e
    values = by_group(home, nations, {
        "Compute|Powered": ai.powered_gw + state.orbit_gw,
        "Compute|Powered H100e": powered_h100e,
        "Compute|Owned H100e": owned_h100e,
        "Compute|Stranded": _beyond(ai.chips_facility_gw, ai.powered_gw),
        "Compute|Stranded H100e": _beyond(ai.chips_h100e, ai.powered_h100e),
        "Compute|Halls": state.halls_gw.sum(axis=1),
        "Compute|Halls Under Way": state.halls_under_way_gw.sum(axis=1),
        "Compute|Orbital": state.orbit_gw,
        "AI|Revenue": state.ai_sales_musd,
        "AI|Capex": ai.chip_spending_musd + state.hall_spend_musd,
        "Chips|In Transit": state.transit_h100e.sum(axis=0),
        "serving": powered_h100e * ai.serving_share,
    })  # fmt: skip
    serving = values.pop("serving") * world.tables.param("time.hours_per_month")
    return values | {
        "Compute|Orbital Share": values["Compute|Orbital"] / np.maximum(values["Compute|Powered"], 1e-12),
        "AI|Capability": state.capability,
        "AI|Spending": state.ai_spending_musd,
        "AI|Adoption": state.adopted.sum(axis=1) / state.adopted.shape[1],
        "AI|Compute Price": values["AI|Revenue"] * 1e6 / np.maximum(serving, 1e-12),
    }


def _makers(world: Any, state: Any, home: np.ndarray, of: Any, nations: int) -> dict[str, Any]:
    makers, robots, launchers = home[of["chipmaker"]], home[of["robot"]], home[of["launcher"]]
    fab, robot, launcher = state.fab, state.robot, state.launcher
    some = np.maximum(robot.made, 1e-9)
    values = by_group(makers, nations, {
        "Chips|Made": fab.made_h100e,
        "Chips|Price": fab.price_usd * fab.made_h100e,
        "Chips|Stock": fab.stock_h100e,
    }) | by_group(robots, nations, {
        "Robots|Stock": robot.own_robots,
        "Robots|Made": robot.made,
        "Robots|Price": robot.price_usd * some,
        "some": some,
    }) | by_group(launchers, nations, {
        "Launch|Mass": launcher.flown_t,
        "Launch|Price": launcher.price_usd_per_kg * launcher.flown_t,
    })  # fmt: skip
    for price, weight in (
        ("Chips|Price", values["Chips|Made"]), ("Robots|Price", values.pop("some")), ("Launch|Price", values["Launch|Mass"])
    ):  # fmt: skip
        values[price] /= np.maximum(weight, 1e-12)
    values["Robots|Stock"] = state.households.robots + state.site_fleet + values["Robots|Stock"]
    return values | {
        **{f"Parts|{name} Price": state.part_price[:, p] for p, name in enumerate(("Turbine", "Transformer", "Module", "Cell"))},
        "Robots|Workers": state.site_robots,
        "Limit|Binding": state.binding,
    }


@kernel
def _jumps(before, after, most):
    """Tell whether any price that was and is above 0 moved by more than `most` in logs."""
    for v in range(before.shape[0]):
        for n in range(before.shape[1]):
            if before[v, n] > 0.0 and after[v, n] > 0.0 and abs(np.log(after[v, n] / before[v, n])) > most:
                return True
    return False


def tell_price_jumps(world: Any) -> None:
    """Tell an event for every nation's price that the month just recorded moved by more than `events.price_jump` (in logs)."""
    month, record = world.state.month, world.record
    if month == 0:
        return
    before, after = record.price_change(month)
    most = world.tables.param("events.price_jump")
    if not _jumps(before, after, most):
        return
    known = (before > 0.0) & (after > 0.0)
    jump = np.abs(np.log(np.where(known, after, 1.0) / np.where(known, before, 1.0))) > most
    for row, n in np.argwhere(jump):
        variable = record.prices[row]
        word = "rises" if after[row, n] > before[row, n] else "falls"
        label, unit = world.places.nations[n], record.units[variable]
        world.tell("price", label, "", f"{variable} {word} from {before[row, n]:.4g} to {after[row, n]:.4g} {unit}.")
