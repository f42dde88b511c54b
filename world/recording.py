"""Which numbers of the state become which variables of the codelist."""

from __future__ import annotations

from typing import Any

import numpy as np

from .kernels import kernel

_GW = 1e-6  # kW to GW


@kernel
def _holdings(home, is_bank, coins, staked, shortfall, deposits, loans, arrears, coins_kw, staked_kw, shortfall_kw, balances_gw):
    """Add up, by nation, who holds, stakes and lacks its coins in kW, and its own people's deposits, loans and arrears in GW."""
    for p in range(home.shape[0]):
        for n in range(coins_kw.shape[0]):
            coins_kw[n] += coins[p, n]
            staked_kw[n] += staked[p, n]
            shortfall_kw[n] += shortfall[p, n]
        if not is_bank[p]:
            h = home[p]
            balances_gw[0, h] += deposits[p] * _GW
            balances_gw[1, h] += loans[p] * _GW
            balances_gw[2, h] += arrears[p] * _GW


def month_values(world: Any) -> dict[str, Any]:
    """Return {variable: values} of the month that has just been simulated."""
    state, of = world.state, world.parties.of
    zones, nations = world.places.zone_nation, len(world.places.nations)
    by_zone = lambda x: np.bincount(zones, x, nations)  # noqa: E731
    home = world.parties.home
    return _money(state, home, nations) | _power(state, by_zone) | _compute(world, home[of["ai"]], by_zone, nations) | _makers(
        world, state, home, of, nations
    )


def _money(state: Any, home: np.ndarray, nations: int) -> dict[str, Any]:
    ledger = state.ledger
    coins_kw, staked_kw, shortfall_kw = np.zeros((3, nations), np.int64)
    balances = np.zeros((3, nations))
    _holdings(
        home, ledger.is_bank, ledger.coins, ledger.staked, ledger.shortfall, ledger.deposits, ledger.loans, ledger.arrears,
        coins_kw, staked_kw, shortfall_kw, balances,
    )  # fmt: skip
    held, staked = coins_kw * _GW, staked_kw * _GW
    return {
        "Coin|Accredited": state.accredited_kw * _GW,
        "Coin|Outstanding": held,
        "Coin|Shortfall": shortfall_kw * _GW,
        "Coin|Staked": staked,
        "Coin|Float": held - staked,
        "Coin|Value": state.value,
        "Coin|Forward Value": state.forward_value,
        "Coin|Rent": state.rent,
        "Coin|q": state.q,
        "Coin|Loan Rate": state.bank.loan_rate,
        "Coin|Foreign Claims": ledger.nostro.sum(axis=0) * _GW,
        "Coin|Minted": (ledger.minted_total - state.minted_before_kw) * _GW,
        "Coin|Bought Back": (ledger.bought_back_total - state.bought_back_before_kw) * _GW,
        "Money|Deposits": balances[0],
        "Money|Loans": balances[1],
        "Money|Arrears": balances[2],
        "Money|Turnover": np.bincount(home, state.turnover_musd, nations),
        "World|GDP": state.nation.gdp_musd,
    }


def _power(state: Any, by_zone: Any) -> dict[str, Any]:
    power = state.power
    load, started = by_zone(power.load_gwh), by_zone(state.started_gw_zone.sum(axis=1))
    return {
        "Power|Load": load,
        "Power|Base Load": by_zone(power.base_gwh),
        "Power|AI Load": by_zone(power.ai_gwh),
        "Power|Design Peak": by_zone(state.zone_peak_gw),
        "Power|Price": by_zone(power.mean_price * power.load_gwh) / np.maximum(load, 1e-12),
        "Power|Unserved": by_zone(power.unserved_gwh),
        "Power|Curtailed": by_zone(power.curtailed_gwh),
        "Power|Generation": by_zone(power.energy.sum(axis=1)),
        "Power|Emissions": by_zone(power.emissions_mt),
        "Power|Zone Price": power.mean_price,
        "Power|Zone Load": power.load_gwh,
        "Power|Zone AI Load": power.ai_gwh,
        "Power|Zone Unserved": power.unserved_gwh,
        "Power|Zone Headroom": state.accreditation.supply_gw.min(axis=1) - state.zone_peak_gw,
        "Build|Planned Share": by_zone(state.planned_gw_zone) / np.maximum(started, 1e-12),
        "Build|Started": started,
        "Build|Under Way": by_zone(state.under_way_gw.sum(axis=1)),
        "Build|Added": by_zone(state.added_gw_zone.sum(axis=1)),
        "Build|Retired": by_zone(state.retired_gw_zone.sum(axis=1)),
        "Build|Labour Load": state.labour_load,
    }


def _compute(world: Any, home: np.ndarray, by_zone: Any, nations: int) -> dict[str, Any]:
    state, ai = world.state, world.state.ai
    of_owner = lambda x: np.bincount(home, x, nations)  # noqa: E731
    stranded = np.maximum(ai.chips_facility_gw - ai.powered_gw, 0.0)
    dark = np.maximum(ai.chips_h100e - ai.powered_h100e, 0.0)
    powered = of_owner(ai.powered_gw + state.orbit_gw)
    serving = of_owner((ai.powered_h100e + state.orbit_h100e) * ai.serving_share)
    sales, orbital, located = of_owner(state.ai_sales_musd), of_owner(state.orbit_gw), state.powered_gw.sum(axis=0)
    return {
        "Compute|Powered": powered,
        "Compute|Powered H100e": of_owner(ai.powered_h100e + state.orbit_h100e),
        "Compute|Located": by_zone(located),
        "Compute|Owned H100e": of_owner(ai.chips_h100e + state.orbit_h100e),
        "Compute|Stranded": of_owner(stranded),
        "Compute|Stranded H100e": of_owner(dark),
        "Compute|Halls": of_owner(state.halls_gw.sum(axis=1)),
        "Compute|Halls Under Way": of_owner(state.halls_under_way_gw.sum(axis=1)),
        "Compute|Orbital": orbital,
        "Compute|Orbital Share": orbital / np.maximum(powered, 1e-12),
        "Compute|Zone AI": located,
        "AI|Capability": state.capability,
        "AI|Revenue": sales,
        "AI|Spending": state.ai_spending_musd,
        "AI|Capex": of_owner(ai.chip_spending_musd + state.hall_spend_musd),
        "AI|Adoption": state.adopted.sum(axis=1) / state.adopted.shape[1],
        "AI|Compute Price": sales * 1e6 / np.maximum(serving * world.tables.param("time.hours_per_month"), 1e-12),
    }


def _makers(world: Any, state: Any, home: np.ndarray, of: Any, nations: int) -> dict[str, Any]:
    makers, robots, launchers = home[of["chipmaker"]], home[of["robot"]], home[of["launcher"]]
    fab, robot, launcher = state.fab, state.robot, state.launcher
    mean = lambda where, x, w: np.bincount(where, x * w, nations) / np.maximum(np.bincount(where, w, nations), 1e-12)  # noqa: E731
    companies = home[of["ai"]]
    return {
        "Chips|Made": np.bincount(makers, fab.made_h100e, nations),
        "Chips|Price": mean(makers, fab.price_usd, fab.made_h100e),
        "Chips|In Transit": np.bincount(companies, state.transit_h100e.sum(axis=0), nations),
        "Chips|Stock": np.bincount(makers, fab.stock_h100e, nations),
        **{f"Parts|{name} Price": state.part_price[:, p] for p, name in enumerate(("Turbine", "Transformer", "Module", "Cell"))},
        "Robots|Stock": state.households.robots + state.site_fleet + np.bincount(robots, robot.own_robots, nations),
        "Robots|Made": np.bincount(robots, robot.made, nations),
        "Robots|Price": mean(robots, robot.price_usd, np.maximum(robot.made, 1e-9)),
        "Robots|Workers": state.site_robots,
        "Launch|Mass": np.bincount(launchers, launcher.flown_t, nations),
        "Launch|Price": mean(launchers, launcher.price_usd_per_kg, launcher.flown_t),
        "Limit|Binding": state.binding,
    }


def tell_price_jumps(world: Any) -> None:
    """Tell an event for every nation's price that the month just recorded moved by more than `events.price_jump` (in logs)."""
    month, record = world.state.month, world.record
    if month == 0:
        return
    before, after = record.price_change(month)
    known = (before > 0.0) & (after > 0.0)
    jump = np.abs(np.log(np.where(known, after, 1.0) / np.where(known, before, 1.0))) > world.tables.param("events.price_jump")
    if not jump.any():
        return
    for row, n in np.argwhere(jump):
        variable = record.prices[row]
        word = "rises" if after[row, n] > before[row, n] else "falls"
        label, unit = world.places.nations[n], record.units[variable]
        world.tell("price", label, "", f"{variable} {word} from {before[row, n]:.4g} to {after[row, n]:.4g} {unit}.")
