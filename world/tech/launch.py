"""Launches: what a fleet of ships and its pads can lift, what it costs, and how earnings buy more ships."""

from __future__ import annotations

import numpy as np


def flights(ships, flights_per_ship, pads, flights_per_pad, licensed):
    """Return (flights a month, what binds: 0 ships, 1 pads, 2 licences), all [L].

    Ships and pads times their own cadence (flights a month each), and the flights a month that the licence allows
    (inf: any number).
    """
    limits = np.stack(np.broadcast_arrays(ships * flights_per_ship, pads * flights_per_pad, licensed)).astype(float)
    return limits.min(axis=0), limits.argmin(axis=0)


def lift_t(flights, payload_t, failure_rate):
    """Return tonnes that reach orbit: flights × payload × (1 − share of flights that fail)."""
    return flights * payload_t * (1.0 - failure_rate)


def cost_usd_per_kg(flight_usd, payload_t):
    """Return USD per kg of a flight of `flight_usd` with `payload_t` tonnes."""
    return flight_usd / (payload_t * 1000.0)


def reinvest(ships, earnings_musd, reinvested_share, ship_musd, flights, flights_per_life):
    """Return ships next month [L]: a share of earnings buys ships, flights wear them out.

    With earnings in proportion to ships and no wear the fleet grows exponentially; losses buy nothing.
    """
    bought = np.maximum(earnings_musd, 0.0) * reinvested_share / ship_musd
    return np.maximum(ships + bought - flights / flights_per_life, 0.0)


def constellation_t(baseline_t, growth, years, price, base_price, elasticity):
    """Return tonnes a month that communications constellations want: baseline · growth^years · (price/base)^−elasticity.

    `growth` x/yr; price in USD/kg (> 0), elasticity > 0.
    """
    return baseline_t * growth**years * (price / base_price) ** (-elasticity)
