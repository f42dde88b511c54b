"""Chips: from chip watts to watts at the power plant, generations to come, and how a stock of cohorts wears.

The chain: `accel_gw` (chip TDP) → `it_gw` (server, CPU, network) → `facility_gw` (cooling, at the meter's peak) →
`generation_gw` (maintenance reserve, only for sites that power themselves).
"""

from __future__ import annotations

import numpy as np


def accel_gw(chips, tdp_w):
    """Return the power of `chips` (number) of `tdp_w` (W each) in GW of chip TDP; any shapes that broadcast."""
    return np.asarray(chips, dtype=float) * tdp_w * 1e-9


def it_gw(accel_gw, accel_to_it):
    """Return GW at IT level: chips with their servers, CPUs and network (`accel_to_it`, W/W, > 1)."""
    return accel_gw * accel_to_it


def facility_gw(it_gw, pue):
    """Return GW at the meter: IT load with cooling (`pue` W/W: peak for capacity, annual for energy)."""
    return it_gw * pue


def generation_gw(facility_gw, reserve_factor):
    """Return GW of plant that a site without a grid needs (`reserve_factor` W/W: spares for maintenance)."""
    return facility_gw * reserve_factor


def chips_per_gw(tdp_w, accel_to_it, pue, reserve_factor):
    """Return how many chips one GW runs at the level that the factors reach; a factor of 1 leaves a step out.

    Seeds C120: 330,000 GB300 per GW of own generation (3.03 kW each).
    """
    return 1e9 / (tdp_w * accel_to_it * pue * reserve_factor)


def silicon_usd_per_w(server_usd_per_chip, tdp_w, accel_to_it, pue, reserve_factor):
    """Return USD per W (= billion USD per GW) of chips with their servers, per watt at the level that the factors reach.

    The same rack costs less per GW of generation than per GW of IT: a figure without its basis means nothing.
    """
    return server_usd_per_chip / (tdp_w * accel_to_it * pue * reserve_factor)


def improvement(growth, slowdown, years):
    """Return the factor (1 at year 0) by which a quantity improves after `years` of calendar time.

    ln factor = ∫ ln(growth)·e^(−slowdown·t) dt: `growth` (x/yr) now, fading at `slowdown` (1/yr, >= 0; 0 is a steady
    trend); with slowdown s the gains end at growth^(1/s). A fading Moore's law (Bloom et al. 2020 for the evidence).
    """
    years, slowdown = np.asarray(years, dtype=float), np.asarray(slowdown, dtype=float)
    fades = slowdown > 0.0
    safe = np.where(fades, slowdown, 1.0)
    return np.exp(np.log(growth) * np.where(fades, -np.expm1(-safe * years) / safe, years))


def years_on_sale(years, generation_years):
    """Return the age of technology on sale at `years`: gains come in steps, one generation every `generation_years`."""
    return np.floor(np.asarray(years, dtype=float) / generation_years) * generation_years


def survival(age_years, loss_rate, life_years, wear_shape):
    """Return the share of a cohort that still works at an age: exp(−loss·age − (age/life)^shape).

    `loss_rate` 1/yr (accidents, constant), `life_years` the age at which wear alone leaves 1/e, `wear_shape` 1 for no
    ageing, > 1 for wear-out (Weibull 1951). Ages below 0 (not delivered yet) survive.
    """
    age = np.maximum(np.asarray(age_years, dtype=float), 0.0)
    return np.exp(-loss_rate * age - (age / life_years) ** wear_shape)


def wear(stock, age_years, months, loss_rate, life_years, wear_shape):
    """Return what a stock by cohort [..., Y] loses in `months`, in its unit; `age_years` [Y] is the age at their start."""
    age = np.asarray(age_years, dtype=float)
    before = survival(age, loss_rate, life_years, wear_shape)
    after = survival(age + months / 12.0, loss_rate, life_years, wear_shape)
    kept = np.where(before > 0.0, after / np.where(before > 0.0, before, 1.0), 0.0)
    return stock * (1.0 - kept)


def stock_totals(h100e, it_w_per_h100e):
    """Return (H100e, GW at IT level) of a stock by cohort: `h100e` [..., Y], `it_w_per_h100e` [Y] or alike; sums over Y."""
    return np.sum(h100e, axis=-1), np.sum(h100e * it_w_per_h100e, axis=-1) * 1e-9
