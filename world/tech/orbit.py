"""Compute in orbit: what a GW there costs, and the market for launches."""

from __future__ import annotations

import numpy as np


def orbital_cost_musd_per_gw(launch_usd_per_kg, specific_power_kw_per_t, satellite_usd_per_w, sunlit_share):
    """Return MUSD per GW of firm compute load in orbit, chips apart: launch plus satellite, over the sunlit share.

    1 GW weighs 1e6/(kW per t) tonnes: 100 kW/t → 10,000 t; at 2,500 USD/kg 25,000 MUSD.
    """
    mass_t = 1e6 / specific_power_kw_per_t
    return (mass_t * launch_usd_per_kg * 1e-3 + satellite_usd_per_w * 1e3) / sunlit_share


def clear_launches(capacity_t, price, cost, base_demand_t, base_price, elasticity, extra_t, licence, speed, greatest_change):
    """Return (flown, to the constellation, to others, next price), all [L] tonnes a month and USD/kg.

    Constellations want base·(price/base price)^−elasticity; others want `extra_t`. Licensed capacity is shared in
    proportion to what is wanted. The price moves by `speed`·ln(wanted/capacity) a month, and never below cost.
    """
    constellation = base_demand_t * (price / base_price) ** (-elasticity)
    wanted = constellation + extra_t
    room = capacity_t * licence
    most = np.maximum(room, wanted)
    part = room / np.where(most > 0.0, most, 1.0)
    load = np.log(np.maximum(wanted, 1e-9) / np.maximum(room, 1e-9))
    moved = price * np.exp(greatest_change * np.tanh(speed * load / greatest_change))
    return wanted * part, constellation * part, extra_t * part, np.maximum(moved, cost)
