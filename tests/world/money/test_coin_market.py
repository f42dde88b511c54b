"""The forward value of a watt on the world's own books."""

from __future__ import annotations

import numpy as np
from wattrace.world.money import coin_market

YEARS = 5.0


def forward(world, **changes):
    state = world.branch().state
    for name, change in changes.items():
        setattr(state, name, change(getattr(state, name)))
    return coin_market.forward_value(world.tables, world.statics, state, YEARS)


def test_more_plants_to_come_make_the_forward_watt_cheaper(world24):
    more = forward(world24, expected_firm_gw=lambda x: 1.2 * x + 1.0)
    now = forward(world24)
    assert (more <= now).all()
    assert (more < now).any()


def test_more_retirements_and_more_halls_make_it_dearer(world24):
    now = forward(world24)
    for changes in ({"retiring_gw": lambda x: 1.2 * x}, {"halls_under_way_gw_zone": lambda x: x + 1.0}):
        dearer = forward(world24, **changes)
        assert (dearer >= now).all()
        assert (dearer > now).any()


def test_it_never_passes_what_being_short_costs(world24):
    ceiling = coin_market.ceiling(world24.tables, len(world24.places.nations))
    hopeless = forward(world24, expected_firm_gw=lambda x: 0.0 * x, retiring_gw=lambda x: x + 1e4)
    assert (hopeless <= ceiling * (1.0 + 1e-9)).all()
    assert np.isclose(hopeless, ceiling).any()
