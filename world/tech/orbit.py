"""Compute in orbit: what a GW there costs, what limits it, how long it lasts, and the market for launches."""

from __future__ import annotations

import numpy as np

# what can bind orbital compute, in the order that breaks ties
MASS, CELLS, CHIPS = range(3)


def orbital_cost_musd_per_gw(launch_usd_per_kg, specific_power_kw_per_t, satellite_usd_per_w, sunlit_share):
    """Return MUSD per GW of firm compute load in orbit, chips apart: launch plus satellite, over the sunlit share.

    1 GW weighs 1e6/(kW per t) tonnes: 100 kW/t → 10,000 t; at 2,500 USD/kg 25,000 MUSD.
    """
    mass_t = 1e6 / specific_power_kw_per_t
    return (mass_t * launch_usd_per_kg * 1e-3 + satellite_usd_per_w * 1e3) / sunlit_share


def break_even_launch_usd_per_kg(land_musd_per_gw, specific_power_kw_per_t, satellite_usd_per_w, sunlit_share):
    """Return the launch price at which orbit costs as much as land (negative: never)."""
    mass_t = 1e6 / specific_power_kw_per_t
    return (land_musd_per_gw * sunlit_share - satellite_usd_per_w * 1e3) / mass_t * 1e3


def orbital_gw(mass_t, specific_power_kw_per_t, cells_gw, chips_gw, sunlit_share):
    """Return (firm GW of compute that a month can add, what binds: 0 mass, 1 cells, 2 chips); seeds C139.

    `mass_t` tonnes to orbit, `cells_gw` of cells as seen in full sun, `chips_gw` of chips with all they need. Mass and
    cells carry load only for the `sunlit_share` of the time.
    """
    limits = np.stack(np.broadcast_arrays(
        mass_t * specific_power_kw_per_t * 1e-6 * sunlit_share, cells_gw * sunlit_share, chips_gw
    )).astype(float)  # fmt: skip
    return limits.min(axis=0), limits.argmin(axis=0)


def survivors(stock, months, loss_rate):
    """Return what is left of a stock in orbit after `months`: nobody repairs there, so losses (1/yr) only add up."""
    return stock * np.exp(-np.asarray(loss_rate, dtype=float) * months / 12.0)


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
