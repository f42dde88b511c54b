"""Which numbers of the state become which variables of the codelist."""

from __future__ import annotations

from typing import Any

import numpy as np

_GW = 1e-6  # kW to GW


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
    held = ledger.total_coins() * _GW
    staked = ledger.staked.sum(axis=0) * _GW
    private = ~ledger.is_bank
    by_home = lambda x: np.bincount(home[private], x[private] * _GW, nations)  # noqa: E731
    return {
        "Coin|Accredited": state.accredited_kw * _GW,
        "Coin|Outstanding": held,
        "Coin|Shortfall": ledger.shortfall.sum(axis=0) * _GW,
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
        "Money|Deposits": by_home(ledger.deposits),
        "Money|Loans": by_home(ledger.loans),
        "Money|Arrears": by_home(ledger.arrears),
        "Money|Turnover": np.bincount(home, state.turnover_musd, nations),
        "World|GDP": state.nation.gdp_musd,
    }


def _power(state: Any, by_zone: Any) -> dict[str, Any]:
    power = state.power
    load = by_zone(power.load_gwh)
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
        "Build|Planned Share": by_zone(state.planned_gw_zone) / np.maximum(by_zone(state.started_gw_zone.sum(axis=1)), 1e-12),
        "Build|Started": by_zone(state.started_gw_zone.sum(axis=1)),
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
    sales = of_owner(state.ai_sales_musd)
    return {
        "Compute|Powered": powered,
        "Compute|Powered H100e": of_owner(ai.powered_h100e + state.orbit_h100e),
        "Compute|Located": by_zone(state.powered_gw.sum(axis=0)),
        "Compute|Owned H100e": of_owner(ai.chips_h100e + state.orbit_h100e),
        "Compute|Stranded": of_owner(stranded),
        "Compute|Stranded H100e": of_owner(dark),
        "Compute|Halls": of_owner(state.halls_gw.sum(axis=1)),
        "Compute|Halls Under Way": of_owner(state.halls_under_way_gw.sum(axis=1)),
        "Compute|Orbital": of_owner(state.orbit_gw),
        "Compute|Orbital Share": of_owner(state.orbit_gw) / np.maximum(powered, 1e-12),
        "Compute|Zone AI": state.powered_gw.sum(axis=0),
        "AI|Capability": state.capability,
        "AI|Revenue": sales,
        "AI|Spending": state.ai_spending_musd,
        "AI|Capex": of_owner(ai.chip_spending_musd + state.hall_spend_musd),
        "AI|Adoption": state.adopted.mean(axis=1),
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
