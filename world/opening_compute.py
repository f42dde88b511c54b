"""The compute side of month 0: AI companies and their chips and halls, chip makers, robots, launchers, parts makers."""

from __future__ import annotations

from typing import Any

import numpy as np

from .build import projects as building
from .tables import Tables
from .tech import services


def facility_gw(h100e, accel_w_per_h100e, accel_to_it, pue):
    """Return the load of chips at the meter in GW: chip watts × server and network × power usage effectiveness."""
    return h100e * accel_w_per_h100e * accel_to_it * pue * 1e-9


def open_compute(tables: Tables, statics: Any, state: Any, calendar: Any) -> None:
    """Fill AI companies: chips, halls by zone, draw. Needed before the power side, whose load contains it."""
    places, parties, param = statics.places, statics.parties, tables.param
    companies = [parties.names[p] for p in parties.of["ai"]]
    values = tables["ai_company_values"]
    item = lambda name: values.grid("company", companies, item=name, missing=0.0)  # noqa: E731
    ai = state.ai
    watts = item("accel_w_per_h100e")
    ai.chips_h100e = item("owned_h100e")
    ai.chips_facility_gw = facility_gw(ai.chips_h100e, watts, param("chips.accel_to_it"), param("ai.pue_peak"))
    ai.capex_musd = item("ai_capex_musd")
    ai.revenue_musd = item("ai_revenue_musd")
    ai.other_income_musd = item("other_cash_flow_musd") + item("equity_raised_musd")
    ai.powered_h100e, ai.powered_gw = ai.chips_h100e, ai.chips_facility_gw
    ai.serving_share = param("ai.inference_share")
    share = tables["ai_zone_share"].grid("company", companies, "zone", places.zones, missing=0.0)
    total = share.sum(axis=1, keepdims=True)
    home = parties.home[parties.of["ai"]]
    fallback = (places.zone_nation[None, :] == home[:, None]).astype(float)
    fallback /= fallback.sum(axis=1, keepdims=True)
    statics.opening_share = np.where(total > 0.0, share / np.where(total > 0.0, total, 1.0), fallback)
    state.halls_gw = statics.opening_share * (ai.chips_facility_gw * param("ai.opening_hall_cover"))[:, None]
    statics.draw_factor = param("ai.accel_load_factor") * param("ai.pue_annual") / param("ai.pue_peak")
    state.powered_gw = statics.opening_share * ai.chips_facility_gw[:, None]
    state.ai_draw_gw_zone = state.powered_gw.sum(axis=0) * statics.draw_factor
    leases = tables["ai_leases"].grid("lessor", companies, "lessee", companies, missing=0.0)
    statics.lease_share = leases / np.maximum(ai.chips_h100e, 1.0)[:, None]
    over = np.maximum(statics.lease_share.sum(axis=1, keepdims=True), 1.0)
    statics.lease_share /= over
    # arrivals of the last year, as facility load a month
    now, before = values.series, calendar.year(0)
    last = np.array([now(company=c, item="owned_h100e").get(before - 2, 0.0) for c in companies])
    ai.arrivals_gw = np.maximum(ai.chips_h100e - last, 0.0) / np.maximum(ai.chips_h100e, 1.0) * ai.chips_facility_gw / 12.0
    nation_sum = lambda x: np.bincount(home, x, len(places.nations))  # noqa: E731
    state.powered_nation_gw = nation_sum(ai.powered_gw)
    # what was bought before the start and has not arrived: a month's arrivals for every month of delivery
    waiting = int(np.ceil(param("chips.delivery_months")))
    gained = np.maximum(ai.chips_h100e - last, 0.0) / 12.0
    state.transit_h100e = np.zeros((int(param("chips.transit_slots")), len(companies)))
    state.transit_it_gw = np.zeros_like(state.transit_h100e)
    state.transit_h100e[:waiting] = gained
    state.transit_it_gw[:waiting] = ai.arrivals_gw / param("ai.pue_peak")
    state.in_transit_gw = state.transit_it_gw.sum(axis=0) * param("ai.pue_peak")
    state.binding = np.zeros(len(places.nations), dtype=np.int64)


def open_industry(tables: Tables, statics: Any, state: Any, calendar: Any) -> None:
    """Fill chip makers, the AI market, robots, launchers and makers of power parts."""
    _open_halls_under_way(tables, statics, state)
    _open_chips(tables, statics, state, calendar)
    _open_services(tables, statics, state)
    _open_robots(tables, statics, state)
    _open_launch(tables, statics, state)
    _open_parts(tables, statics, state)


def _open_halls_under_way(tables: Tables, statics: Any, state: Any) -> None:
    param, of = tables.param, statics.parties.of
    nation = statics.places.zone_nation
    kind = statics.hall_kind
    months = param("ai.opening_months_under_way")
    amount = statics.opening_share * (state.ai.arrivals_gw * months * param("ai.opening_growth_under_way"))[:, None]
    who, zone = np.nonzero(amount > param("ai.smallest_start_gw"))
    pieces = int(param("ai.opening_pieces"))
    for piece in range(pieces):
        due = (piece + 0.5) * months / pieces
        n = nation[zone]
        build = np.minimum(statics.build_months[n, kind], due)
        queue = np.minimum(np.maximum(due - build, 0.0), statics.queue_months[n, kind])
        permit = np.maximum(due - build - queue, 0.0)
        new = building.start(
            state.projects, zone, np.full(len(zone), kind), of["ai"][who], amount[who, zone] / pieces, -1, permit,
            queue, build,
        )  # fmt: skip
        state.projects.stage[new] = np.where(
            permit > 0.0, building.PERMIT, np.where(queue > 0.0, building.QUEUE, building.BUILD)
        )
    companies, zones = state.halls_gw.shape
    state.halls_under_way_gw = amount.copy()
    state.halls_under_way_gw_zone = amount.sum(axis=0)
    state.orbit_gw, state.orbit_h100e = np.zeros(companies), np.zeros(companies)
    home = statics.parties.home[of["ai"]]
    # a company may build where its nation's companies have sites, and at home
    allowed = np.zeros((companies, zones))
    for n in np.unique(home):
        mine = home == n
        open_ = (statics.opening_share[mine].sum(axis=0) > 0.0) | (nation == n)
        allowed[mine] = open_
    statics.may_site = allowed


def _open_chips(tables: Tables, statics: Any, state: Any, calendar: Any) -> None:
    places, parties, param = statics.places, statics.parties, tables.param
    makers = [parties.names[p] for p in parties.of["chipmaker"]]
    role = np.array(list(tables["chipmakers"]["role"]))
    designers, logic, memory = (np.flatnonzero(role == r) for r in ("design", "logic", "memory"))
    statics.designers, statics.logic_makers, statics.memory_makers = designers, logic, memory
    names = lambda rows: [makers[i] for i in rows]  # noqa: E731
    output = tables["chip_output"]
    rate = np.array([
        output.get(output.get(0.0, maker=m, item="h100e_per_year"), maker=m, item="h100e_per_year_end") for m in names(designers)
    ]) / 12.0  # fmt: skip
    rate = np.maximum(rate, param("chips.smallest_output"))
    supply = tables["chip_supply"]
    wafer_share = supply.grid("designer", names(designers), "supplier", names(logic), item="logic", missing=0.0)
    memory_share = supply.grid("designer", names(designers), "supplier", names(memory), item="memory", missing=0.0)
    norm = lambda a: a / np.maximum(a.sum(axis=1, keepdims=True), 1e-12)  # noqa: E731
    statics.wafer_share, statics.memory_share = norm(wafer_share), norm(memory_share)
    date = calendar.year_fraction(0)
    chips, dates, traits = tables["chips"], tables["chip_dates"], tables["chip_values"]
    watts, price, per_kchip, memory_gb = (np.zeros(len(designers)) for _ in range(4))
    for d, maker in enumerate(names(designers)):
        mine = [c for c, m in zip(chips["chip"], chips["maker"], strict=True) if m == maker]
        ready = [c for c in mine if dates.get(9999.0, chip=c, item="volume_from") <= date] or mine[:1]
        if not ready:
            continue  # no part of this maker is known at the start
        newest = max(ready, key=lambda c: dates.get(0.0, chip=c, item="volume_from"))
        value = lambda what, c=newest: traits.value(chip=c, item=what)  # noqa: E731
        per_chip = value("h100e_per_chip")
        watts[d] = value("it_w_per_chip") / per_chip
        price[d] = value("price_usd") / per_chip
        per_kchip[d] = value("wafers_per_1000_chips") / 1000.0 / per_chip
        memory_gb[d] = value("memory_gb") / per_chip
    known = watts > 0.0
    for trait in (watts, price, per_kchip, memory_gb):
        trait[~known] = trait[known].mean()
    state.chip_it_w = watts
    state.wafers_per_h100e, state.memory_gb_per_h100e = per_kchip, memory_gb
    fab = state.fab
    fab.price_usd[designers] = price
    fab.made_h100e[designers] = rate
    fab.backlog[:] = 1.0
    slack = 1.0 + param("fab.opening_slack")
    fab.capacity[logic] = (statics.wafer_share * (rate * per_kchip)[:, None]).sum(axis=0) * slack
    fab.capacity[memory] = (statics.memory_share * (rate * memory_gb)[:, None]).sum(axis=0) * slack
    # what is left of the cost of goods beside wafers and memory is boards, assembly and test
    state.memory_usd_per_gb = param("fab.hbm_usd_per_gb")
    bought = per_kchip * param("fab.packaged_wafer_usd") + memory_gb * state.memory_usd_per_gb
    state.board_usd = np.maximum(price * (1.0 - param("chips.gross_margin")) - bought, 0.0)
    state.chip_cost_usd = (bought + state.board_usd) * param("chips.reserve_markup")
    state.chip_orders = rate.copy()
    lags = int(max(param("fab.packaging_lag_months"), param("fab.memory_lag_months"))) + 1
    state.fab_coming = np.zeros((lags, len(makers)))
    # capacity already ordered: the growth of last year goes on until what is ordered now arrives
    lag = int(param("fab.packaging_lag_months"))
    growth = param("fab.opening_growth") / 12.0
    for rows, months in ((logic, lag), (memory, int(param("fab.memory_lag_months")))):
        ahead = np.arange(months)
        state.fab_coming[:months, rows] = fab.capacity[rows] * growth * (1.0 + growth) ** ahead[:, None]
    nations = places.nations
    edges = tables["trade_edges"]
    statics.chip_freight_months = edges.grid("seller", nations, "buyer", nations, item="chips_months", missing=0.25)
    control = tables["chip_controls"]
    statics.chip_legal = control.grid("seller", nations, "buyer", nations, item="legal_share", missing=1.0)
    statics.chip_smuggled = control.grid("seller", nations, "buyer", nations, item="smuggled_share", missing=0.0)
    statics.chip_refused = control.grid("seller", nations, "buyer", nations, item="buyer_refusal", missing=0.0)
    state.wafer_use = statics.wafer_share * (rate * per_kchip)[:, None]
    state.memory_use = statics.memory_share * (rate * memory_gb)[:, None]
    state.chips_made_total = np.zeros(1)
    state.chips_scrapped_total = np.zeros(1)
    state.chips_opening = state.ai.chips_h100e.sum() + state.transit_h100e.sum()
    software = tables["chip_software"]
    companies = [parties.names[p] for p in parties.of["ai"]]
    statics.chip_preference = np.array([
        [software.get(software.get(1.0, designer=d, user="others"), designer=d, user=c) for d in names(designers)] for c in companies
    ])  # fmt: skip


def _open_services(tables: Tables, statics: Any, state: Any) -> None:
    places, parties, param = statics.places, statics.parties, tables.param
    nations = places.nations
    home = parties.home[parties.of["ai"]]
    bands = tables.labels("ai_bands")
    trait = lambda item: tables["ai_bands"].grid("band", bands, item=item)  # noqa: E731
    statics.band_threshold, statics.band_spread = trait("threshold_log10_flop"), trait("threshold_spread")
    statics.band_years, robot = trait("scurve_10_90_years"), trait("robot_needed")
    demand = tables["ai_demand"].grid("nation", nations, "band", bands, missing=0.0)
    # what needs bodies is the robots' market
    statics.band_demand = demand * (1.0 - robot)[None, :] * param("ai.willingness_share")
    runs = tables["training_runs"]
    known = np.array([runs.get(np.nan, nation=n) for n in nations])
    lead = np.nanmax(known)
    lag = param("ai.follower_gap_decades")
    state.capability = np.where(np.isnan(known), lead - lag, known)
    statics.opening_capability = state.capability.copy()
    state.software = np.ones(len(nations))
    state.memory_short = np.zeros(1)
    revenue = tables["ai_revenue"].grid("nation", nations, item="ai_revenue_musd", missing=0.0)
    opened = services.opened_share(state.capability, statics.band_threshold, statics.band_spread)
    market = (opened * statics.band_demand).sum(axis=1) * state.nation.gdp_musd
    share = np.minimum(revenue / np.maximum(market, 1e-9), 1.0)
    state.adopted = opened * share[:, None]
    access = np.ones((len(home), len(nations)))
    closed = tables["service_edges"]
    for row in range(len(closed)):
        seller, buyer = nations.index(closed["seller"][row]), nations.index(closed["buyer"][row])
        access[home == seller, buyer] = float(closed["value"][row])
    statics.service_access = access
    statics.market_depth = param("ai.market_depth")
    scale = (state.adopted * statics.band_demand).sum(axis=1) * state.nation.gdp_musd / 12.0
    supply = effective_supply(statics, state)
    statics.service_price = scale.sum() / max(supply.sum(), 1e-12)
    _, sales = services.clear_services(scale, supply, access, statics.service_price, abs(param("ai.price_elasticity")))
    state.ai_sales_musd = sales.sum(axis=1)
    state.ai.revenue_musd = state.ai_sales_musd * 12.0
    state.compute_price = np.full(len(nations), statics.service_price)
    state.price_growth = 0.0
    state.research = np.ones(len(nations))
    statics.opening_training = np.maximum(training_power(statics, state), 1.0)
    table = tables["ai_revenue"]
    years = sorted({int(y) for y in table["year"]})
    total = lambda y: sum(table.series(nation=n, item="ai_revenue_musd").get(y, 0.0) for n in nations)  # noqa: E731
    last, before = total(years[-1]), total(years[-2]) if len(years) > 1 else 0.0
    grown = np.log(last / before) if last > 0.0 and before > 0.0 else param("ai.usual_growth")
    state.ai.revenue_growth = min(grown, param("ai.greatest_opening_growth"))
    sales = state.ai.revenue_musd * (1.0 - param("ai.operating_cost_share"))
    silicon = param("ai.capex_silicon_usd_per_w") + param("ai.capex_site_usd_per_w")
    # owners go on putting in what must have paid for the opening's capex beside the AI business itself
    gap = (state.ai.capex_musd - sales) / param("finance.equity_share")
    state.ai.other_income_musd = np.maximum(state.ai.other_income_musd, gap)
    state.ai.roi = sales / np.maximum(state.ai.chips_facility_gw * silicon * 1000.0, param("ai.smallest_musd"))


def effective_supply(statics: Any, state: Any) -> np.ndarray:
    """Return [C] serving compute in effective H100e: powered chips in use (own less leased out plus leased in) × share × software."""
    ai = state.ai
    home = statics.parties.home[statics.parties.of["ai"]]
    used = services.in_use(ai.powered_h100e + state.orbit_h100e, statics.lease_share)
    return used * ai.serving_share * state.software[home]


def training_power(statics: Any, state: Any) -> np.ndarray:
    """Return [N] H100e that the largest trainer of each nation puts into training."""
    ai = state.ai
    home = statics.parties.home[statics.parties.of["ai"]]
    used = services.in_use(ai.powered_h100e + state.orbit_h100e, statics.lease_share) * (1.0 - ai.serving_share)
    best = np.zeros(len(statics.places.nations))
    np.maximum.at(best, home, used)
    return best


def _open_robots(tables: Tables, statics: Any, state: Any) -> None:
    parties, param = statics.parties, tables.param
    makers = [parties.names[p] for p in parties.of["robot"]]
    values = tables["robot_values"]
    item = lambda what: values.grid("maker", makers, item=what, missing=0.0)  # noqa: E731
    robot = state.robot
    made = item("shipments") / 12.0
    robot.made = np.maximum(made, param("robots.smallest_output"))
    robot.line_capacity = np.maximum(item("line_capacity") / 12.0, robot.made)
    price = item("price_usd")
    usual = price[price > 0.0].mean() if (price > 0.0).any() else param("robots.price_usual_usd")
    robot.price_usd = np.where(price > 0.0, price, usual)
    robot.usual_price_usd = robot.price_usd.copy()
    robot.cost_usd = robot.price_usd * param("robots.cost_share")
    robot.total_made = np.maximum(item("stock"), robot.made * 12.0)
    home = parties.home[parties.of["robot"]]
    nations = len(statics.places.nations)
    state.households.robots = np.bincount(home, item("stock"), nations)
    state.households.robot_budget_musd = np.bincount(home, robot.made * robot.price_usd * 1e-6, nations)
    state.robot_line_capex_musd = np.zeros(len(makers))
    statics.robot_opening_total = robot.total_made.sum()
    state.site_robots, state.site_fleet = np.zeros(nations), np.zeros(nations)
    statics.robot_workers = robot.line_capacity * param("robots.workers_per_1000_units_year") * 12.0 / 1000.0
    state.chip_it_w_opening = state.chip_it_w.copy()
    state.robot_useful = np.full(nations, param("robots.labour_equivalence"))
    wage = tables["nation_values"].grid("nation", statics.places.nations, item="construction_wage_usd_per_year")
    statics.wage_usd = wage
    people = tables["nation_values"].grid("nation", statics.places.nations, item="working_age_million")
    statics.working_age = people * 1e6
    robot.staff = statics.robot_workers.copy()


def _open_launch(tables: Tables, statics: Any, state: Any) -> None:
    parties, param = statics.parties, tables.param
    providers = [parties.names[p] for p in parties.of["launcher"]]
    item = lambda what: tables["launch_values"].grid("provider", providers, item=what, missing=0.0)  # noqa: E731
    launcher = state.launcher
    flown = np.maximum(item("tonnes_per_year") / 12.0, param("orbit.smallest_t"))
    launcher.flown_t = flown
    launcher.capacity_t = flown * (1.0 + param("orbit.opening_slack"))
    price = np.maximum(item("price_usd_per_kg"), param("orbit.least_price"))
    launcher.price_usd_per_kg = price
    cost = item("internal_cost_usd_per_kg")
    launcher.cost_usd_per_kg = np.where(cost > 0.0, np.minimum(cost, price), price * param("orbit.cost_share"))
    launcher.total_t = np.maximum(flown * 12.0 * param("orbit.opening_experience_years"), 1.0)
    statics.launch_base_t, statics.launch_base_price = flown.copy(), price.copy()
    state.constellation_t = flown.copy()
    state.satellite_usd_per_w = param("orbit.satellite_cost_usd_per_w")
    state.orbit_built_gw = param("orbit.opening_built_gw")
    state.orbit_queue_gw = np.zeros(len(parties.of["ai"]))


def _open_parts(tables: Tables, statics: Any, state: Any) -> None:
    parties, param, places = statics.parties, tables.param, statics.places
    rows = tables["suppliers"]
    makers = [parties.names[p] for p in parties.of["supplier"]]
    part = np.array([building.PARTS.index(p) for p in rows["part"]], dtype=np.int64)
    statics.supplier_part = part
    item = lambda what: tables["supplier_values"].grid("supplier", makers, item=what, missing=0.0)  # noqa: E731
    supplier = state.supplier
    supplier.capacity_gw = item("capacity_gw_per_year") / 12.0
    supplier.reserve_usd_per_kw = np.maximum(item("reserve_price_usd_per_kw"), param("supplier.least_cost"))
    supplier.price_usd_per_kw = supplier.reserve_usd_per_kw
    supplier.sold_gw = supplier.capacity_gw * param("supplier.opening_utilisation")
    supplier.utilisation = param("supplier.opening_utilisation")
    nations = places.nations
    tariffs = tables["trade_tariffs"]
    home = parties.home[parties.of["supplier"]]
    statics.part_tariff = np.zeros((len(nations), len(makers)))
    for i, buyer in enumerate(nations):
        for j in range(len(makers)):
            statics.part_tariff[i, j] = tariffs.get(
                0.0, importer=buyer, exporter=nations[home[j]], part=building.PARTS[part[j]]
            )
    kinds = len(places.technologies) + 1
    statics.part_need = np.zeros((kinds, len(building.PARTS)))
    for name, need in (("oil", "turbines"), ("gas_cc", "turbines"), ("gas_peaker", "turbines"), ("solar", "modules"), ("battery", "cells")):
        statics.part_need[places.technologies.index(name), building.PARTS.index(need)] = 1.0
    statics.part_need[:, building.PARTS.index("transformers")] = 1.0
    shape = (len(nations), len(building.PARTS))
    state.parts_stock_gw = np.zeros(shape)
    state.part_price = np.zeros(shape)
    for p in range(len(building.PARTS)):
        state.part_price[:, p] = np.median(supplier.reserve_usd_per_kw[part == p]) if (part == p).any() else 0.0
    statics.part_base_price = state.part_price.copy()
    statics.usual_parts_usd_per_kw = (statics.part_need[None, :-1, :] * state.part_price[:, None, :]).sum(axis=2)
    state.part_backlog_months = np.zeros(len(building.PARTS))
    state.parts_premium_usd_per_kw = np.zeros((len(nations), kinds - 1))
    # labour: what is on sites at the start fills a share of the workers there are
    jobs = np.concatenate([param("build.workers_per_musd") * statics_capex(statics, state), [param("ai.site_workers_per_gw")]])
    statics.jobs_per_gw = jobs
    nation = places.zone_nation[state.projects.zone]
    on_site = state.projects.stage == building.BUILD
    work = np.bincount(nation[on_site], (state.projects.gw * jobs[state.projects.kind])[on_site], len(nations))
    state.workers = np.maximum(work, param("build.least_workers")) / param("build.opening_labour_load")
    state.labour_load = np.full(len(nations), param("build.opening_labour_load"))
    state.workers_total = state.workers.copy()
    state.site_cost = np.ones(len(nations))
    statics.least_site_share = param("build.least_site_share")
    statics.building_rules = building.Rules(statics.part_need, jobs, param("build.smallest_split_gw"))
    state.waiting = np.zeros((len(nations), len(building.WAITS)))


def statics_capex(statics: Any, state: Any) -> np.ndarray:
    """Return [K] MUSD per GW of a usual plant: the median over nations."""
    return np.median(state.capex_usd_per_kw, axis=0)
