"""The power system of all zones: what stands still (profiles, lines, design days) and one month's clearing."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..draws import Draws, name_keys
from ..kernels import kernel
from ..places import Places
from ..tables import Tables
from . import account
from .accredit import FLAT, HYDRO, SOLAR, STORAGE, DesignDays, Grid, design_load_gw, link_cuts_gw
from .blocks import bin_supply, empty_blocks
from .committed import fold, held_gw, read_committed, split
from .dispatch import Links, Tolerance, Units, clear_networks, empty_clearing, empty_plan, find_networks
from .fleet import add_up, marginal_cost_usd_per_mwh
from .weather import DayTypes, Spread, calm_load_ratio, days_of_month
from .year_plan import YearPlan, empty_year, recall, remember

SEASONS = ("summer", "winter")
BINS = 12
_HOURS = 24


class Border(NamedTuple):
    """Rows of supply (imports) and of demand that may stay unserved (exports) over border nodes."""

    zone: np.ndarray
    gw: np.ndarray
    usd_per_mwh: np.ndarray
    export: np.ndarray  # bool


class MonthPower(NamedTuple):
    """One month of power, per zone Z and technology K (energy in GWh, money in MUSD)."""

    price: np.ndarray  # [D, Z, H] USD/MWh
    mean_price: np.ndarray  # [Z] load-weighted
    energy: np.ndarray  # [Z, K]
    revenue: np.ndarray  # [Z, K]
    fuel_musd: np.ndarray  # [Z]
    carbon_musd: np.ndarray  # [Z]
    upkeep_musd: np.ndarray  # [Z]
    network_musd: np.ndarray  # [Z]
    load_gwh: np.ndarray  # [Z]
    base_gwh: np.ndarray  # [Z] served
    ai_gwh: np.ndarray  # [Z]
    ai_bill_musd: np.ndarray  # [Z]
    unserved_gwh: np.ndarray  # [Z]
    unserved_musd: np.ndarray  # [Z]
    curtailed_gwh: np.ndarray  # [Z]
    emissions_mt: np.ndarray  # [Z]
    line_forward_musd: np.ndarray  # [L]
    line_reverse_musd: np.ndarray  # [L]
    import_musd: np.ndarray  # [Z]
    export_musd: np.ndarray  # [Z]
    margin_usd_per_kw: np.ndarray  # [Z, K] what a new plant would have earned
    imbalance_gwh: float  # generation + imports − losses − storage loss − load, over all zones


class PowerSystem:
    """Everything about the grid that does not change, and the working arrays of the clearing."""

    def __init__(self, tables: Tables, places: Places):
        self.places = places
        zones, techs = places.zones, places.technologies
        self.z, self.k = len(zones), len(techs)
        months = [f"{m:02d}" for m in range(1, 13)]
        profile = lambda name: np.array([[tables[name].hours(zone=z, month=m) for m in months] for z in zones])  # noqa: E731
        self.load_profile, self.wind_profile, self.solar_profile = (
            profile("load_profile"), profile("wind_profile"), profile("solar_profile"))  # fmt: skip
        self.load_profile /= self.load_profile.mean(axis=(1, 2), keepdims=True)
        self.hydro_profile = tables["hydro_profile"].grid("zone", zones, "month", months)
        extreme = lambda item: tables["extreme_days"].grid("zone", zones, "season", SEASONS, item=item)  # noqa: E731
        self.peak_day = np.array([[tables["peak_day_profile"].hours(zone=z, season=s) for s in SEASONS] for z in zones])
        self.peak_mult = extreme("peak_load_mult_1in10")
        self.outage, self.wind_peak, self.wind_lull = (
            extreme("thermal_forced_outage"), extreme("wind_cf_at_peak_p10"), extreme("wind_lull_3day_cf"))  # fmt: skip
        self.solar_low, self.hydro_dry = extreme("solar_lowday_factor"), extreme("hydro_factor_dry")
        param = tables.param
        special = lambda what: np.tile([param(f"days.{what}_calm"), param(f"days.{what}_weekend")], (self.z, 1))  # noqa: E731
        calm, weekend = param("days.weight_calm"), param("days.weight_weekend")
        load = special("load")
        mult = tables["extreme_days"].grid("zone", zones, "season", SEASONS, item="peak_load_mult").max(axis=1)
        load[:, 0] = calm_load_ratio(self.load_profile, mult, param("days.load_calm"))
        self.day_types = DayTypes(np.array([1.0 - calm - weekend, calm, weekend]), load, special("wind"), special("solar"))
        self.spread = Spread(*(param(f"days.{name}_spread") for name in Spread._fields))
        self.hydro_peak, self.river_share = param("power.hydro_peak_share"), param("power.run_of_river_share")
        self.offer_cap, self.network_usd = param("power.offer_cap"), param("power.network_cost")
        hours = tables["storage_hours"].grid("nation", places.nations, "technology", ["battery", "pumped_hydro"])
        self.store_hours = hours[places.zone_nation]  # [Z, 2] hours at full power
        self.store_efficiency = np.array([param("power.battery_efficiency"), param("power.pumped_efficiency")])
        self.tech = {name: i for i, name in enumerate(techs)}
        self.border = border = _border(tables, places)
        self.border_technology = np.where(border.export, self.k + 1, self.k)
        self.export = np.bincount(border.zone[border.export], border.gw[border.export], self.z)  # GW of export demand
        thermal = places.kind_is("thermal")
        stores = [self.tech["battery"], self.tech["pumped_hydro"]]
        self.firm = np.ones((self.z, self.k + 2))  # what is there at all hours, of plants, border nodes (and promised output, below)
        self.firm[:, thermal] = 1.0 - self.outage.mean(axis=1)[:, None]
        # refuelling, stops by order and rivers too warm: what the fleet gave is the most that it gives
        usual = tables["output_factor"].grid("nation", places.nations, "technology", techs, item="availability", missing=1.0)
        self.firm[:, : self.k] = np.minimum(self.firm[:, : self.k], usual[places.zone_nation])
        self.firm[:, stores] = 0.0
        self.committed = read_committed(tables, places, self.firm[:, : self.k], self.load_profile.mean(axis=2), self.k + 2)
        self.firm = np.concatenate([self.firm, self.firm[:, self.committed.technology]], axis=1)
        self.burns = np.ones(self.k, bool)
        self.burns[[self.tech["hydro"], *stores]] = False
        self.links = Links(
            places.line_from, places.line_to, places.line_forward_gw, places.line_reverse_gw, places.line_loss,
            np.full(len(places.line_from), param("power.line_hurdle")),
        )  # fmt: skip
        self.unit_zone = np.repeat(np.arange(self.z), 3)  # reservoir, battery, pumped hydro of each zone
        self.unit_technology = np.tile([self.tech["hydro"], *stores], self.z)
        self.unit_power = np.array([self.hydro_peak, 1.0, 1.0])  # of capacity
        self.unit_charges = np.tile([0.0, 1.0, 1.0], self.z)
        self.unit_hours = np.column_stack([np.full(self.z, float(_HOURS)), self.store_hours])
        self.unit_efficiency = np.tile(np.concatenate([[1.0], np.sqrt(self.store_efficiency)]), self.z)
        self._networks = find_networks(self.z, self.links, self._units(np.zeros((self.z, self.k))))
        self.hydro = places.kind_is("hydro")
        lost_load = tables["capacity_value"].grid(
            "nation", places.nations, item="value_of_lost_load_usd_per_mwh")  # fmt: skip
        self.lost_load = lost_load
        self.network_lost_load = lost_load[places.zone_nation[self._networks.zone[:-1]]]
        self.tolerance = Tolerance()
        self.keys = name_keys(zones)
        self.grid = Grid(
            np.concatenate([[0], np.flatnonzero(np.diff(places.zone_nation)) + 1, [self.z]]).astype(np.int64),
            np.zeros((0, 0)), np.full(self.z, param("power.accredited_growth_room")))  # fmt: skip
        ends = (np.concatenate([places.line_from, places.line_to]), np.concatenate([places.line_to, places.line_from]))
        both = np.concatenate([places.line_forward_gw, places.line_reverse_gw])
        self.grid = self.grid._replace(cuts_gw=link_cuts_gw(self.grid.first, *ends, both))
        self.role = np.array(
            [{"thermal": FLAT, "hydro": HYDRO, "storage": STORAGE}.get(kind, FLAT) for kind in places.technology_kind]
        )
        self.role[self.tech["solar"]] = SOLAR

    # -- static helpers -----------------------------------------------------------------------------------------

    def _units(self, capacity: np.ndarray) -> Units:
        gw = capacity[:, self.unit_technology[:3]]
        power = (gw * self.unit_power).ravel()
        return Units(
            self.unit_zone, power * self.unit_charges, power, (gw * self.unit_hours).ravel(), self.unit_efficiency,
            self.unit_efficiency,
        )  # fmt: skip

    def empty_plan(self) -> YearPlan:
        return empty_year(3, len(self.links.tail), len(self.unit_zone))

    def design_days(self, base_gw: np.ndarray, ai_gw: np.ndarray, coincidence: np.ndarray) -> DesignDays:
        """Return the design days for mean base loads and flat AI loads [Z]."""
        load = self._design_load_gw(base_gw, ai_gw, coincidence)
        credit = np.ones((self.z, 2, 2, self.k))
        flat = np.array([kind == "thermal" for kind in self.places.technology_kind])
        credit[:, :, :, flat] = (1.0 - self.outage)[:, :, None, None]
        credit[:, :, 0, self.tech["wind"]] = self.wind_peak
        credit[:, :, 1, self.tech["wind"]] = self.wind_lull
        credit[:, :, :, self.tech["solar"]] = self.solar_low[:, :, None]
        credit[:, :, :, self.tech["hydro"]] = self.hydro_peak
        season_month = (6, 0)  # July, January
        solar = np.stack([self.solar_profile[:, m] for m in season_month], axis=1)
        hydro_hours = np.stack([self.hydro_profile[:, m] for m in season_month], axis=1) * self.hydro_dry * _HOURS
        hours = np.zeros((self.z, self.k))
        hours[:, self.tech["battery"]], hours[:, self.tech["pumped_hydro"]] = self.store_hours.T
        return DesignDays(
            load, self.role, credit, solar, hydro_hours, hours,
            np.full(self.z, self.store_efficiency[0]), np.zeros((self.z, 2)),
        )  # fmt: skip

    def design_load(self, days: DesignDays, base_gw, ai_gw, coincidence) -> DesignDays:
        """Return `days` with the loads of new mean base loads and flat AI loads [Z]."""
        return days._replace(load=self._design_load_gw(base_gw, ai_gw, coincidence))

    def _design_load_gw(self, base_gw, ai_gw, coincidence) -> np.ndarray:
        """Return load [Z, S, 2, H]: the same on a windless and on a lulled day."""
        load = design_load_gw(self.peak_day, self.peak_mult, base_gw, coincidence, ai_gw)
        return np.repeat(load[:, :, None, :], 2, axis=2)

    # -- the month ----------------------------------------------------------------------------------------------

    def clear(
        self, plants: Any, running: Any, base_gw, ai_gw, month_of_year, days, draws: Draws, month, year: YearPlan, elapsed_years: float
    ) -> MonthPower:
        """Clear one month. `plants` has columns zone, technology, capacity_gw; `running` (see `RunningCosts`) their costs.

        `elapsed_years` since the start have contracts run out by. `year` gives the plan to start from and keeps the one found.
        """
        normals = np.stack([draws.normal(f"weather.{x}", self.keys, month) for x in Spread._fields])
        m = month_of_year
        weather = days_of_month(
            self.load_profile[:, m], self.wind_profile[:, m], self.solar_profile[:, m], self.hydro_profile[:, m],
            self.day_types, self.spread, normals,
        )  # fmt: skip
        hydro_cf = weather.hydro_cf
        capacity = np.empty((self.z, self.k))
        add_up(plants.zone, plants.technology, plants.capacity_gw, capacity)
        base = weather.load.transpose(1, 0, 2) * base_gw[None, :, None]
        load = base + ai_gw[None, :, None]
        wanted = load + self.export[None, :, None]
        available = _available(
            self.firm, self.tech["wind"], self.tech["solar"], self.tech["hydro"], weather.wind_cf, weather.solar_cf,
            hydro_cf * self.river_share,
        )  # fmt: skip
        held = held_gw(self.committed, m, elapsed_years, capacity)
        free_gw, held_cost = np.empty(len(plants.zone)), np.empty((self.z, self.k))
        split(plants.zone, plants.technology, plants.capacity_gw, running.usd_per_mwh, held, capacity, free_gw, held_cost)
        blocks = self._blocks(plants, free_gw, running.usd_per_mwh, held)
        units = self._units(capacity)
        reservoir = self.hydro[0]
        inflow = np.zeros((3, len(self.unit_zone)))
        inflow[:, 0::3] = (capacity[:, reservoir] * hydro_cf * _HOURS * (1.0 - self.river_share))[None]
        clearing = empty_clearing(3, self.z)
        plan = empty_plan(3, len(self.links.tail), len(self.unit_zone))
        recall(year, m, units, inflow, plan)
        clear_networks(
            self._networks, blocks, available, wanted, self.links, units, inflow, self.network_lost_load, 0.0,
            self.tolerance, plan, clearing,
        )  # fmt: skip
        remember(year, m, units, inflow, plan)
        hours = self.day_types.weight * days
        return self._account(
            blocks, clearing, available, plan, base, load, hours, running, capacity, hydro_cf, held, held_cost
        )  # fmt: skip

    def _blocks(self, plants, free_gw, cost, held):
        border, committed = self.border, self.committed
        codes = self.firm.shape[1]
        held_zone, j = np.nonzero(held[:, committed.technology])
        zone = np.concatenate([border.zone, held_zone])
        technology = np.concatenate([self.border_technology, committed.first_code + j])
        gw = np.concatenate([border.gw, held[held_zone, committed.technology[j]]])
        price = np.concatenate([border.usd_per_mwh, np.full(len(j), committed.usd_per_mwh)])
        blocks = empty_blocks(self.z, codes, BINS)
        bin_supply(plants.zone, plants.technology, free_gw, cost, zone, technology, gw, price, codes, BINS, blocks)
        return blocks

    def _account(
        self, blocks, clearing, available, plan, base, load, hours, running, capacity, hydro_cf, held, held_cost
    ) -> MonthPower:
        z, k, cap = self.z, self.k, self.offer_cap
        energy, cost, revenue = (np.zeros(self.firm.shape) for _ in range(3))
        account.by_technology(blocks, clearing, available, hours, cap, energy, cost, revenue)
        held_gwh = fold(self.committed, held_cost, energy, cost, revenue)
        # offered below zero, promised output that was turned down looks like idle wind: it is no curtailment
        turned_down = (held * self.firm[:, :k]).sum(axis=1) * _HOURS * hours.sum() - held_gwh
        account.by_storage(plan, clearing.price, self.unit_zone, self.unit_technology, hours, cap, energy, revenue)
        lines = len(self.links.tail)
        forward, reverse, lost = np.empty(lines), np.empty(lines), np.empty(lines)
        account.trade(
            plan.flow, clearing.price, self.links.tail, self.links.head, self.links.loss, hours, cap, forward,
            reverse, lost,
        )  # fmt: skip
        sums = account.by_zone(clearing, load, base, hours, cap)
        wanted_gwh, base_gwh, unserved, curtailed, paid, paid_ai, price_hours = sums
        curtailed = np.maximum(curtailed - turned_down, 0.0)
        served = 1.0 - unserved / np.maximum(wanted_gwh, 1e-12)
        mean_price = paid / np.maximum(wanted_gwh, 1e-12)
        exported = self.export * _HOURS * hours.sum() - energy[:, k + 1]
        margin = np.empty((z, k))
        account.potential_margin(clearing.price, available, running.new_usd_per_mwh, hours, cap, margin)
        margin[:, self.tech["hydro"]] = price_hours * hydro_cf * 1e-3
        account.storage_margins(
            clearing.price, self.unit_technology[1:3], self.store_hours, self.store_efficiency, hours, cap, margin
        )
        fuel, emissions, carbon, upkeep = account.by_fuel(energy, cost, running, self.burns, capacity)
        imbalance = energy[:, : k + 1].sum() - exported.sum() - lost.sum() - (wanted_gwh.sum() - unserved.sum())
        return MonthPower(
            clearing.price, mean_price, energy[:, :k], revenue[:, :k], fuel, carbon, upkeep,
            base_gwh * served * self.network_usd * 1e-3, wanted_gwh, base_gwh * served, wanted_gwh - base_gwh,
            paid_ai * 1e-3, unserved, unserved * self.lost_load[self.places.zone_nation] * 1e-3,
            curtailed, emissions, forward, reverse,
            revenue[:, k], np.maximum(exported * mean_price, 0.0) * 1e-3, margin, float(imbalance),
        )  # fmt: skip


@kernel
def _available(firm, wind, solar, hydro, wind_cf, solar_cf, hydro_cf):
    """Return GW per GW [D, Z, K, H]: `firm` [Z, K] at all hours, but for wind and solar [Z, D, H] and hydro [Z]."""
    zones, days, steps = wind_cf.shape
    available = np.empty((days, zones, firm.shape[1], steps))
    for d in range(days):
        for z in range(zones):
            for k in range(firm.shape[1]):
                available[d, z, k] = firm[z, k]
            available[d, z, wind] = wind_cf[z, d]
            available[d, z, solar] = solar_cf[z, d]
            available[d, z, hydro] = hydro_cf[z]
    return available


class RunningCosts(NamedTuple):
    """What plants cost to run."""

    usd_per_mwh: np.ndarray  # [P] per plant row
    new_usd_per_mwh: np.ndarray  # [Z, K] of a new plant
    fuel_usd_per_gj: np.ndarray  # [Z, K]
    co2_t_per_gj: np.ndarray  # [K]
    carbon_usd_per_t: np.ndarray  # [Z]
    fuel_and_carbon: np.ndarray  # [Z, K] USD/GJ, 1 where a technology burns nothing
    variable_om: np.ndarray  # [Z, K] USD/MWh
    fixed_om: np.ndarray  # [Z, K] USD/kW/yr


def running_costs(plants, efficiency_new, fuel_usd_per_gj, co2_t_per_gj, carbon_usd_per_t, variable_om, fixed_om) -> RunningCosts:
    """Return the running costs of every plant row and of new plants: 3.6/efficiency · (fuel + carbon) + variable upkeep."""
    row, new, both = np.empty(len(plants)), np.empty(efficiency_new.shape), np.empty(efficiency_new.shape)
    _costs(
        plants.zone, plants.technology, plants.efficiency, efficiency_new, fuel_usd_per_gj, co2_t_per_gj, carbon_usd_per_t,
        variable_om, row, new, both,
    )  # fmt: skip
    return RunningCosts(row, new, fuel_usd_per_gj, co2_t_per_gj, carbon_usd_per_t, both, variable_om, fixed_om)


@kernel
def _costs(zone, technology, efficiency, efficiency_new, fuel, co2, carbon, variable_om, row, new, both):
    """Write costs of the rows [P] and of new plants [Z, K], USD/MWh, and of fuel and carbon [Z, K], USD/GJ (1 if nothing burns)."""
    for z in range(new.shape[0]):
        for k in range(new.shape[1]):
            new[z, k] = marginal_cost_usd_per_mwh(fuel[z, k], efficiency_new[z, k], variable_om[z, k], co2[k], carbon[z])
            both[z, k] = fuel[z, k] + co2[k] * carbon[z]
            if both[z, k] <= 0.0:
                both[z, k] = 1.0
    for p in range(zone.shape[0]):
        z, k = zone[p], technology[p]
        row[p] = marginal_cost_usd_per_mwh(fuel[z, k], efficiency[p], variable_om[z, k], co2[k], carbon[z])


def _border(tables: Tables, places: Places) -> Border:
    spot = {zone: i for i, zone in enumerate(places.zones)}
    table = tables["border_nodes"]
    nodes = list(dict.fromkeys(zip(table["zone"], table["node"], strict=True)))
    rows = []
    for zone, node in nodes:
        value = lambda item, z=zone, n=node: table.get(0.0, zone=z, node=n, item=item)  # noqa: E731
        for step in ("1", "2", "3"):
            rows.append((spot[zone], value(f"import_gw_{step}"), value(f"price_{step}"), False))
        rows.append((spot[zone], value("export_gw"), value("export_price"), True))
    rows = [row for row in rows if row[1] > 0.0]
    return Border(
        np.array([r[0] for r in rows], np.int64), np.array([r[1] for r in rows]), np.array([r[2] for r in rows]),
        np.array([r[3] for r in rows], bool),
    )  # fmt: skip
