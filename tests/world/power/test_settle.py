"""Truths about settlement: no energy leaks, every MWh is paid for once."""

from __future__ import annotations

import numpy as np
import pytest
from wattrace.scenarios import bench
from wattrace.world.power import settle

DAYS = np.array([20.0, 6.0, 4.0])


def settled(seed, **system):
    day = bench.made_up_day(seed, zones=(5, 1), plants=300, days=3, **system)
    plan, clearing = bench.clear(day)
    use = settle.empty_block_use(*day.blocks.cost.shape)
    settle.use_blocks(day.blocks, day.available, clearing, DAYS, use)
    accounts = settle.empty_accounts(len(day.blocks.count), len(day.units.zone), len(day.links.tail))
    settle.settle_networks(day.load, day.links, day.units, plan, clearing, DAYS, accounts)
    return day, plan, clearing, use, accounts


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("tightness", [1.0, 1.4])
def test_energy_and_money_close_in_every_network(seed, tightness):
    day, _, _, use, accounts = settled(seed, tightness=tightness)
    energy = (use.hours * day.blocks.capacity).sum(1)
    earned = (use.earned * day.blocks.capacity).sum(1)
    np.testing.assert_allclose(energy, accounts.generated_gwh, rtol=1e-12)
    np.testing.assert_allclose(earned, accounts.generation_earned, rtol=1e-10)
    for n in range(len(day.networks.zone) - 1):
        z, s, k = (slice(x[n], x[n + 1]) for x in (day.networks.zone, day.networks.unit, day.networks.link))
        paid = earned[z].sum() + accounts.storage_earned[s].sum() + accounts.congestion_rent[k].sum()
        np.testing.assert_allclose(accounts.load_paid[z].sum(), paid, rtol=1e-10)
        used = (accounts.load_gwh - accounts.unserved_gwh)[z].sum() + accounts.lost_gwh[k].sum()
        given = energy[z].sum() + (accounts.released_gwh - accounts.stored_gwh)[s].sum()
        np.testing.assert_allclose(given, used, rtol=1e-12)


def test_plants_share_the_energy_of_their_block_exactly():
    day, _, _, use, _ = settled(1)
    rng = np.random.default_rng(0)
    zone = np.concatenate([np.full(4 * n, z) for z, n in enumerate(day.blocks.count)])
    block = np.concatenate([np.repeat(np.arange(n), 4) for n in day.blocks.count])
    share = rng.dirichlet(np.ones(4), len(zone) // 4).ravel()
    capacity = day.blocks.capacity[zone, block] * share
    energy, revenue = np.empty(len(zone)), np.empty(len(zone))
    settle.settle_plants(zone, block, capacity, use, energy, revenue)
    assert energy.sum() == pytest.approx((use.hours * day.blocks.capacity).sum(), rel=1e-12)
    assert revenue.sum() == pytest.approx((use.earned * day.blocks.capacity).sum(), rel=1e-12)
    settle.settle_plants(zone, np.full(len(zone), -1), capacity, use, energy, revenue)
    assert energy.sum() == revenue.sum() == 0.0


def test_block_use_is_what_a_plain_walk_over_all_hours_gives():
    day, _, clearing, use, _ = settled(2, tightness=1.4)
    for z, n in enumerate(day.blocks.count):
        width = (
            day.blocks.capacity[z, :n, None] * day.available[:, z, day.blocks.technology[z, :n]]
        )  # [D, B, H]
        index = np.arange(n)[None, :, None]
        ran = np.where(index < clearing.block[:, z, None], width, 0.0)
        ran = (
            np.where(index == clearing.block[:, z, None], clearing.used[:, z, None], ran)
            * DAYS[:, None, None]
        )
        capacity = day.blocks.capacity[z, :n]
        np.testing.assert_allclose(use.hours[z, :n] * capacity, ran.sum((0, 2)), rtol=1e-10, atol=1e-12)
        earned = (ran * clearing.price[:, z, None]).sum((0, 2)) / 1000
        np.testing.assert_allclose(use.earned[z, :n] * capacity, earned, rtol=1e-10, atol=1e-12)
        assert np.all(use.hours[z, n:] == 0.0)


def test_every_storage_and_link_earns_its_keep():
    # at the optimum nobody is made to lose: a store sells dearer than it buys, a line carries from cheap to
    # dear
    _, _, _, _, accounts = settled(3)
    scale = accounts.load_paid.sum()
    assert accounts.storage_earned.min() > -1e-3 * scale
    assert accounts.congestion_rent.min() > -1e-3 * scale


def test_burning_adds_up_by_fuel_and_place():
    fuel_used, emissions = np.full((2, 2), 9.0), np.full(2, 9.0)
    settle.burn(
        np.array([10.0, 5.0, 7.0]), np.array([0, 0, 1]), np.array([0, 1, -1]), np.array([9.0, 7.2, 0.0]),
        np.array([94.6, 56.1]), fuel_used, emissions,
    )  # fmt: skip
    assert fuel_used.tolist() == [[90.0, 36.0], [0.0, 0.0]]
    assert emissions.tolist() == pytest.approx([90 * 94.6 + 36 * 56.1, 0.0])
