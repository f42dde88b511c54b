"""The power side of month 0: plants by age, what is under way, loads, a year of prices, firm capacity."""

from __future__ import annotations

from typing import Any

import numpy as np

from .build import projects as building
from .columns import Columns
from .draws import Draws, name_key, name_keys
from .power import accredit, fleet
from .power.accredit_audit import link_matrix_gw
from .power.system import RunningCosts, running_costs
from .tables import MissingRow, Tables

_HOURS_PER_YEAR = 8766.0
_LEAST_START_GW = 1e-4  # numerical: a share of a month's start smaller than 100 kW gets no row


def open_power(tables: Tables, statics: Any, state: Any, calendar: Any) -> None:
    """Fill the power parts of `statics` and `state`. `state.ai_draw_gw_zone` must be known."""
    places, system, param = statics.places, statics.system, tables.param
    nations, zones, techs = places.nations, places.zones, places.technologies
    _costs(tables, statics, state)
    demand = tables["zone_demand"]
    energy = demand.grid("zone", zones, item="energy_twh")
    state.base_gw = energy * 1000.0 / _HOURS_PER_YEAR - state.ai_draw_gw_zone
    state.base_response = np.ones(len(nations))
    statics.coincidence = np.full(len(zones), param("power.coincidence"))
    alone = np.bincount(places.zone_nation)[places.zone_nation] == 1
    statics.coincidence[alone] = 1.0
    drivers = tables["demand_drivers"]
    driver = lambda item: drivers.grid("nation", nations, item=item)  # noqa: E731
    statics.gdp_elasticity, statics.electrification = driver("gdp_elasticity"), driver("electrification_trend")
    statics.price_elasticity = np.abs(driver("price_elasticity_long"))
    statics.growth_forecast = _growth_forecast(tables, nations, calendar)
    state.nation.gdp_growth = statics.growth_forecast[0] * statics.growth
    state.load_growth = (statics.growth_forecast[0] * statics.gdp_elasticity + statics.electrification) * statics.growth
    # plants
    capacity = tables["zone_capacity"].grid("zone", zones, "technology", techs, missing=0.0)
    state.plants = _open_fleet(tables, statics, capacity, calendar.year(0))
    statics.retire_age = tables["retirement_age"].grid(
        "nation", nations, "technology", techs, missing=param("power.retirement_age")
    )
    # what is too small to be a row does not stand: the audit counts rows
    state.fleet_gw = np.empty_like(capacity)
    fleet.add_up(state.plants.zone, state.plants.technology, state.plants.capacity_gw, state.fleet_gw)
    state.running = current_costs(statics, state)
    statics.retire_scale = np.full(statics.retire_age.shape, param("power.retirement_spread_years"))
    state.retired_rate_gw = _retirements(statics, state, calendar)
    statics.nation_keys, state.cycle = name_keys(nations), np.zeros(len(nations))
    statics.fuel_keys = name_keys(places.fuel)  # technologies of one fuel share its shocks
    statics.opening_capex = state.capex_usd_per_kw.copy()
    statics.experience_gw = np.maximum(capacity.sum(axis=0), param("power.least_experience_gw"))
    statics.mean_days = _HOURS_PER_YEAR / 24.0 / 12.0
    statics.site_network_share = param("ai.network_cost_share")
    statics.told_unserved_gwh = param("events.unserved_gwh")
    statics.link_matrix_gw = link_matrix_gw(
        len(zones), places.zone_nation, np.concatenate([places.line_from, places.line_to]),
        np.concatenate([places.line_to, places.line_from]),
        np.concatenate([places.line_forward_gw, places.line_reverse_gw]),
    )  # fmt: skip
    # a year at constant load
    state.plan = system.empty_plan()
    _first_year(statics, state, param)
    # firm capacity
    state.days = system.design_days(state.base_gw, state.ai_draw_gw_zone, statics.coincidence)
    state.accreditation = accredit.accredit(state.fleet_gw, state.days, system.grid)
    statics.credit_step_gw = np.full(len(techs), param("power.credit_step_gw"))
    state.credit = accredit.marginal_credit(
        state.fleet_gw, state.days, system.grid, state.accreditation, statics.credit_step_gw
    )
    state.zone_peak_gw = accredit.design_peaks_gw(state.days).max(axis=1)
    _open_projects(tables, statics, state, calendar)


def _retirements(statics: Any, state: Any, calendar: Any) -> np.ndarray:
    """Return [Z, K] GW a year that the ages of the opening fleet let expect to retire in the first year."""
    zones, plants = statics.places.zone_nation, state.plants
    rate = np.empty_like(state.fleet_gw)
    fleet.retire(
        plants.capacity_gw.copy(), plants.vintage, plants.zone, plants.technology, zones, np.ones_like(rate),
        calendar.year_fraction(0), 12.0, statics.retire_age, statics.retire_scale, rate,
    )  # fmt: skip
    return rate if statics.growth else np.zeros_like(rate)


def _growth_forecast(tables: Tables, nations: list[str], calendar: Any) -> np.ndarray:
    """Return forecast GDP growth [years ahead, N]; beyond the last year forecast the last one stays."""
    table = tables["gdp_growth"]
    years = range(calendar.year(0), calendar.year(calendar.length) + 1)
    last = np.array([np.nan] * len(nations))
    out = []
    for year in years:
        row = np.array([table.get(np.nan, nation=n, for_year=str(year)) for n in nations])
        last = np.where(np.isnan(row), last, row)
        out.append(last)
    known = np.array(out)
    if np.isnan(known).any():
        missing = [nations[n] for n in np.flatnonzero(np.isnan(known).any(axis=0))]
        raise MissingRow(f"gdp_growth.csv: has no forecast for {', '.join(missing)} known at {tables.as_of}")
    return known


def _costs(tables: Tables, statics: Any, state: Any) -> None:
    places = statics.places
    nations, techs, zones = places.nations, places.technologies, places.zone_nation
    table = tables["technology_costs"]
    cost = lambda item: table.grid("nation", nations, "technology", techs, item=item)  # noqa: E731
    state.capex_usd_per_kw = cost("capex_usd_per_kw")
    statics.fixed_om_usd_per_kw = cost("fixed_om_usd_per_kw_year")[zones]
    statics.variable_om = cost("variable_om_usd_per_mwh")[zones]
    traits = tables["technology_parameters"]
    trait = lambda item, missing=0.0: traits.grid("technology", techs, item=item, missing=missing)  # noqa: E731
    statics.co2_t_per_gj, statics.learning_rate = trait("co2_t_per_gj"), trait("learning_rate")
    statics.life_years = trait("lifetime_years", 30.0)
    prices = tables["fuel_prices"]
    state.fuel_usd_per_gj = np.array(
        [[prices.get(0.0, nation=n, fuel=f) if f != "none" else 0.0 for f in places.fuel] for n in nations]
    )
    statics.fuel_base = state.fuel_usd_per_gj.copy()
    state.fuel_shock = np.zeros(len(techs))
    carbon = tables["carbon_prices"]
    state.carbon_usd_per_t = np.array([carbon.get(0.0, nation=n) for n in nations])
    heat = tables["heat_rates"].grid("nation", nations, "technology", techs, "quantile", ["p10", "p50", "p90"], missing=1.0)
    statics.efficiency = heat
    statics.efficiency_new = heat[:, :, 2][zones]
    value = lambda item: tables["capacity_value"].grid("nation", nations, item=item)  # noqa: E731
    statics.reserve_margin = value("reserve_margin_target")
    statics.hurdle = tables["nation_values"].grid("nation", nations, item="wacc_power")
    structure = lambda item: tables["power_structure"].grid("nation", nations, item=item)  # noqa: E731
    statics.planned_share, imported = structure("planned_share"), structure("fuel_import_share")
    # where fuel is bought: at home, the rest from the region that holds everybody else (the last nation)
    statics.abroad = len(nations) - 1
    statics.fuel_origin = np.diag(1.0 - imported)
    statics.fuel_origin[:, statics.abroad] += imported
    rate = statics.hurdle[:, None]
    statics.pv_factor = (1.0 - (1.0 + rate) ** (-statics.life_years[None, :])) / rate
    state.built_gw = np.zeros(len(techs))


def current_costs(statics: Any, state: Any) -> RunningCosts:
    """Return running costs at today's fuel and carbon prices."""
    zones = statics.places.zone_nation
    fuel = state.fuel_usd_per_gj[zones]
    return running_costs(
        state.plants, statics.efficiency_new, fuel, statics.co2_t_per_gj, state.carbon_usd_per_t[zones],
        statics.variable_om, statics.fixed_om_usd_per_kw,
    )  # fmt: skip


def _open_fleet(tables: Tables, statics: Any, capacity: np.ndarray, year: int) -> Columns:
    places = statics.places
    ages = tables["fleet_age"]
    decades = sorted(dict.fromkeys(ages["decade"]))
    share = ages.grid("nation", places.nations, "technology", places.technologies, "decade", decades, missing=0.0)
    zone, tech = np.nonzero(capacity > tables.param("power.smallest_plant_gw"))
    first = np.array([int(d) for d in decades])
    plants = fleet.opening_fleet(
        zone, tech, statics.parties.of["utility"][zone], capacity[zone, tech], share[places.zone_nation[zone], tech],
        first, first + 9, year - 1,
    )  # fmt: skip
    group = places.zone_nation[plants.zone] * len(places.technologies) + plants.technology
    plants.efficiency = fleet.efficiency_by_vintage(
        group, plants.vintage, plants.capacity_gw, statics.efficiency.reshape(-1, 3)
    )
    return plants


def _first_year(statics: Any, state: Any, param: Any) -> None:
    """Run twelve months at constant load without draws: smoothed margins, captured prices, tariffs start from it."""
    system, off = statics.system, Draws(0, off=True)
    total: Any = None
    bills = []
    for month in range(12):
        power = system.clear(
            state.plants, state.running, state.base_gw, state.ai_draw_gw_zone, month, 30.4375, off, month, state.plan, 0.0
        )
        total = power.margin_usd_per_kw if total is None else total + power.margin_usd_per_kw
        bills.append(power)
    state.margin_usd_per_kw_year = total
    state.power = bills[0]
    state.margin_ring = np.stack([p.margin_usd_per_kw for p in bills])
    mean = lambda name: sum(getattr(p, name) for p in bills) / 12.0  # noqa: E731
    statics.first_year = {
        name: mean(name)
        for name in ("fuel_musd", "carbon_musd", "upkeep_musd", "network_musd", "ai_bill_musd", "import_musd", "export_musd",
                     "base_gwh", "mean_price", "line_forward_musd", "line_reverse_musd", "load_gwh")
    }  # fmt: skip
    state.mean_price = statics.first_year["mean_price"]


def _open_projects(tables: Tables, statics: Any, state: Any, calendar: Any) -> None:
    """Put into the pipeline what was under way at the start, and what recent building implies for later months."""
    places, param = statics.places, tables.param
    nations, techs = places.nations, places.technologies
    halls = tables["hall_times"]

    def months(item: str) -> np.ndarray:
        plants = tables[item].grid("nation", nations, "technology", techs)
        return np.concatenate([plants, halls.grid("nation", nations, "item", [item])], axis=1)

    statics.hall_kind = len(techs)
    statics.permit_months, statics.queue_months, statics.build_months = (
        months("permit_months"), months("queue_months"), months("build_months"))  # fmt: skip
    statics.completion = months("queue_completion")
    capacity = state.fleet_gw
    by_nation = np.zeros((len(nations), len(techs)))
    np.add.at(by_nation, places.zone_nation, capacity)
    demand_share = state.base_gw / np.bincount(places.zone_nation, state.base_gw)[places.zone_nation]
    have = by_nation[places.zone_nation]
    zone_share = np.where(have > 0.0, capacity / np.where(have > 0.0, have, 1.0), demand_share[:, None])
    recent = _recent_additions(tables, nations, techs, calendar.year(0))
    survive = statics.completion[:, :-1]
    state.build_rate_gw = (recent / survive)[places.zone_nation] * zone_share / 12.0
    # technologies that can be built at all: those that stand, were added lately, or burn something that can be bought
    statics.buildable = np.ones_like(capacity)
    for name in ("hydro", "pumped_hydro", "other", "oil"):
        k = places.technologies.index(name)
        statics.buildable[:, k] = capacity[:, k] > param("power.smallest_plant_gw")
    # coal and nuclear only where somebody has lately begun any: elsewhere policy or suppliers do not allow it
    for name in ("coal", "nuclear"):
        k = places.technologies.index(name)
        statics.buildable[:, k] = (recent[:, k] > 0.0)[places.zone_nation]
    state.projects = building.new_projects()
    _enter_pipeline(state.projects, statics, zone_share, *_due_months(tables, statics, recent, calendar.year(0)))
    state.under_way_gw = np.zeros_like(capacity)
    mine = state.projects.kind < len(techs)
    np.add.at(state.under_way_gw, (state.projects.zone[mine], state.projects.kind[mine]), state.projects.gw[mine])
    credit = np.maximum(state.credit, 0.0)
    state.expected_gw = state.under_way_gw.copy()
    state.expected_firm_gw = np.bincount(places.zone_nation, (state.expected_gw * credit).sum(axis=1), len(nations))
    state.retiring_gw = np.bincount(places.zone_nation, (state.retired_rate_gw * credit).sum(axis=1), len(nations))
    state.commissioned = (*(np.empty(0, dtype=np.int64) for _ in range(3)), np.empty(0))
    statics.project_keys = np.array(
        [[name_key(f"{zone}/{kind}") for kind in (*techs, "hall")] for zone in places.zones], dtype=np.uint64
    )
    state.permit_factor, state.queue_factor = np.ones(len(nations)), np.ones(len(nations))


def _recent_additions(tables: Tables, nations: list[str], techs: list[str], first_year: int) -> np.ndarray:
    """Return [N, K] GW a year that the three years before the start added; a year without a row counts as none."""
    years = range(first_year - 3, first_year)
    spot = tuple({label: i for i, label in enumerate(axis)} for axis in (nations, techs, years))
    gw = np.zeros((len(nations), len(techs), len(years)))
    added = tables["recent_additions"]
    for nation, technology, year, value in zip(*(added[c] for c in ("nation", "technology", "year", "value")), strict=True):
        if nation in spot[0] and technology in spot[1] and year in spot[2]:
            gw[spot[0][nation], spot[1][technology], spot[2][year]] = value
    return gw.mean(axis=2)


def _due_months(tables: Tables, statics: Any, recent: np.ndarray, first_year: int) -> tuple[np.ndarray, ...]:
    """Return (nation, technology, GW, months until it is due), each [E], one entry for every month in which something is due.

    `recent` [N, K] GW a year. Of the first year counts what is listed, if anything is. Otherwise the larger counts of what is
    listed for the year and what recent building implies, as far ahead as building takes; where building is slow and anything is
    listed, only what is listed.
    """
    places = statics.places
    under_way = tables["pipeline"]
    listed: dict[tuple[str, str], dict[int, float]] = {}
    for (nation, technology, year, *_), row in under_way.newest().items():
        if int(float(year)) >= first_year:
            listed.setdefault((nation, technology), {})[int(float(year))] = float(under_way["value"][row])
    slow_months = tables.param("power.slow_lead_months")
    found = []
    for i, nation in enumerate(places.nations):
        for k, technology in enumerate(places.technologies):
            lead = statics.build_months[i, k] + statics.queue_months[i, k] + statics.permit_months[i, k]
            own = listed.get((nation, technology), {})
            slow = lead > slow_months
            horizon = int(max(lead, 12.0 * (max(own, default=first_year) - first_year + 1)))
            month = np.arange(horizon)
            steady = np.where((month < lead) & (not (slow and own)), recent[i, k], 0.0)
            from_list = np.repeat([own.get(first_year + y, 0.0) for y in range(horizon // 12 + 1)], 12)[:horizon]
            yearly = np.maximum(from_list, steady)
            if first_year in own:
                yearly[:12] = own[first_year]
            due = np.flatnonzero(yearly > 0.0)
            found.append((np.full(len(due), i), np.full(len(due), k), yearly[due] / 12.0, due + 0.5))
    return tuple(np.concatenate(parts) for parts in zip(*found, strict=True))


def _enter_pipeline(
    projects: Columns, statics: Any, zone_share: np.ndarray, nation: np.ndarray, technology: np.ndarray, gw: np.ndarray, due: np.ndarray
) -> None:
    """Start what is due: `gw` [E] in `due` [E] months, spread over the zones of its nation as `zone_share` [Z, K].

    `projects` must be empty. What is due later than building takes waits in the queue, and what is due later still for permits.
    """
    places = statics.places
    # one row for every zone of the nation, zones of one entry side by side
    count = np.bincount(places.zone_nation)[nation]
    first = np.cumsum(count) - count
    entry = np.repeat(np.arange(len(nation)), count)
    zone = places.first_zone[nation[entry]] + np.arange(len(entry)) - first[entry]
    whole = np.array([zone_share[zones].sum(axis=0) for zones in places.zones_of])
    n, kind = nation[entry], technology[entry]
    part = gw[entry] * zone_share[zone, kind] / whole[n, kind]
    some = part > _LEAST_START_GW
    n, kind, zone, part, due = n[some], kind[some], zone[some], part[some], due[entry[some]]
    build = statics.build_months[n, kind]
    queue = np.minimum(np.maximum(due - build, 0.0), statics.queue_months[n, kind])
    permit = np.maximum(due - build - queue, 0.0)
    building.start(
        projects, zone, kind, statics.parties.of["utility"][zone], part, -1, permit, queue, np.minimum(build, due)
    )
    projects.stage = np.where(permit > 0.0, building.PERMIT, np.where(queue > 0.0, building.QUEUE, building.BUILD))
