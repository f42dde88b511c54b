"""Launch providers: they fly what the price pays for; their first customer is a communications constellation."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..world.columns import Column, Columns
from ..world.orders import Payment
from ..world.tech import orbit, progress, robots
from .actor import Actor

_FAR = 50.0  # so many scales apart, the dearer place gets nothing


class Launcher(Actor):
    """A launch provider."""

    kind = "launcher"
    COLUMNS = {  # noqa: RUF012
        "capacity_t": Column("t/month"),
        "flown_t": Column("t"),
        "price_usd_per_kg": Column("USD/kg"),
        "cost_usd_per_kg": Column("USD/kg"),
        "revenue_musd": Column("MUSD"),
        "total_t": Column("t"),  # ever flown, for the experience curve
    }


def open_launchers(tables: Any, places: Any) -> Columns:
    return Columns(Launcher.COLUMNS, len(tables.labels("launch_providers")))


def bills(world: Any) -> list[Payment]:
    """Constellation owners pay for their mass; providers pay staff and propellant."""
    state, of = world.state, world.parties.of
    party = of["launcher"]
    home = of["households"][world.parties.home[party]]
    launcher = state.launcher
    constellation = state.constellation_t * launcher.price_usd_per_kg / 1000.0
    cost = launcher.flown_t * launcher.cost_usd_per_kg / 1000.0
    return [
        Payment("launch", home, party, np.maximum(constellation, 0.0)),
        Payment("wages", party, home, cost),
    ]


def fly(world: Any) -> None:
    """Fly what is wanted and licensed; companies that find orbit cheaper than waiting on the ground loft halls."""
    state, statics, param, of = world.state, world.statics, world.tables.param, world.parties.of
    launcher = state.launcher
    party = of["launcher"]
    home = world.parties.home[party]
    licence = world.levers["launch_licences"][home] * state.usable.launchers
    mass_per_gw = 1e6 / param("orbit.specific_power_kw_per_t")
    companies = of["ai"]
    company_home = world.parties.home[companies]
    wanted_gw = ai_orbit_wish(world)
    # a nation's companies fly with its own providers
    wish_t = np.bincount(company_home, wanted_gw, len(licence) and len(world.places.nations)) * mass_per_gw
    capacity = np.bincount(home, launcher.capacity_t * licence, len(world.places.nations))
    share = launcher.capacity_t * licence / np.maximum(capacity[home], 1e-12)
    flown, state.constellation_t, extra, price = orbit.clear_launches(
        launcher.capacity_t, launcher.price_usd_per_kg, launcher.cost_usd_per_kg, statics.launch_base_t,
        statics.launch_base_price, param("orbit.demand_elasticity"), wish_t[home] * share, licence, param("orbit.price_speed"),
        param("orbit.greatest_price_change"),
    )  # fmt: skip
    launcher.flown_t = flown
    lofted_t = np.bincount(home, extra, len(world.places.nations))
    served = np.minimum(lofted_t / np.maximum(wish_t, 1e-12), 1.0)
    gw = wanted_gw * served[company_home]
    _loft(world, gw, mass_per_gw)
    before = launcher.total_t.copy()
    launcher.total_t += flown
    launcher.cost_usd_per_kg = progress.wright(launcher.cost_usd_per_kg, before, launcher.total_t, param("orbit.learning_rate_launch"))
    launcher.revenue_musd = flown * launcher.price_usd_per_kg / 1000.0
    launcher.price_usd_per_kg = price
    if statics.growth:
        markup = price / np.maximum(launcher.cost_usd_per_kg, 1e-9) / param("orbit.wanted_markup")
        launcher.capacity_t = robots.grow_lines(
            launcher.capacity_t, markup, param("orbit.capacity_speed"), np.log(param("orbit.flight_growth_max"))
        )


def ai_orbit_wish(world: Any) -> np.ndarray:
    """Return [C] GW a month that companies would loft: the share of new halls that orbit wins against land."""
    state, param, of = world.state, world.tables.param, world.parties.of
    home = world.parties.home[of["ai"]]
    launcher = state.launcher
    nations = len(world.places.nations)
    price = np.full(nations, np.inf)
    # the dearest is written first, so that cheaper ones of the same nation overwrite it
    dearest_first = np.argsort(launcher.price_usd_per_kg)[::-1]
    price[world.parties.home[of["launcher"][dearest_first]]] = launcher.price_usd_per_kg[dearest_first]
    in_orbit = orbit.orbital_cost_musd_per_gw(
        price[home], param("orbit.specific_power_kw_per_t"), state.satellite_usd_per_w, param("orbit.sunlit_share")
    )
    land = state.site_cost_musd.min(axis=1)
    known = np.isfinite(in_orbit) & np.isfinite(land)
    in_orbit, land = np.where(known, in_orbit, 0.0), np.where(known, land, 0.0)
    share = 1.0 / (1.0 + np.exp(np.minimum((in_orbit - land) / param("siting.logit_scale"), _FAR)))
    wish = state.hall_pace_gw * share
    return np.where(known & (wish > param("ai.smallest_start_gw")), wish, 0.0)


def _cheapest_provider(world: Any) -> np.ndarray:
    """Return [N] the row of the provider at home with the lowest price, of equals the first; -1 where there is none."""
    home = world.parties.home[world.parties.of["launcher"]]
    cheapest = np.full(len(world.places.nations), -1)
    # the dearest is written first, so that cheaper ones of the same nation overwrite it
    dearest_first = np.argsort(world.state.launcher.price_usd_per_kg, kind="stable")[::-1]
    cheapest[home[dearest_first]] = dearest_first
    return cheapest


def _loft(world: Any, gw: np.ndarray, mass_per_gw: float) -> None:
    """Put chips that wait on the ground into orbit: they leave the ground stock and draw bound watts."""
    state, param, of = world.state, world.tables.param, world.parties.of
    ai = state.ai
    gw = np.minimum(gw, np.maximum(ai.chips_facility_gw - ai.powered_gw, 0.0))
    who = np.flatnonzero(gw > 0.0)
    if not len(who):
        return
    moved = ai.chips_h100e * (gw / np.maximum(ai.chips_facility_gw, 1e-12))
    ai.chips_h100e -= moved
    ai.chips_facility_gw -= gw
    state.orbit_h100e = state.orbit_h100e + moved
    state.orbit_gw = state.orbit_gw + gw
    home = world.parties.home[of["ai"][who]]
    provider = _cheapest_provider(world)[home]
    price = state.launcher.price_usd_per_kg[provider]
    state.ledger.pay("launch", of["ai"][who], of["launcher"][provider], gw[who] * mass_per_gw * price / 1000.0)
    bus = gw[who] * state.satellite_usd_per_w * 1000.0
    state.ledger.pay("capex", of["ai"][who], of["households"][home], bus)
    state.bought_musd[of["ai"][who], 2] += bus
    built = state.orbit_built_gw
    state.orbit_built_gw = built + gw.sum()
    state.satellite_usd_per_w = float(
        progress.wright(state.satellite_usd_per_w, built, state.orbit_built_gw, param("orbit.learning_rate_satellite"))
    )
