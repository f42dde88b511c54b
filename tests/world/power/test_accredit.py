"""Accredited capacity: laws, limits, a linear program and a second implementation as judges."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq, linprog
from wattrace.model import World
from wattrace.world.power import accredit as ac
from wattrace.world.power import accredit_audit as audit
from wattrace.world.power import carry

HOURS = np.arange(24)
ROLE = np.array(
    [ac.FLAT, ac.FLAT, ac.SOLAR, ac.HYDRO, ac.STORAGE, ac.STORAGE]
)  # thermal wind solar hydro battery pumped
THERMAL, WIND, SOLAR, HYDRO, BATTERY, PUMPED = range(6)
EVENING = 0.75 + 0.25 * np.exp(-((HOURS - 19) ** 2) / 8)
SUN = np.maximum(0.0, np.sin((HOURS - 6) / 12 * np.pi)) * 0.8
SEEDS = st.integers(0, 2**32 - 1)


def days(load, *, lull=None, solar_cf=SUN, thermal=0.9, wind=(0.15, 0.05), low_day=0.6, hydro=0.64,
         hydro_hours=6.0, battery_hours=4.0, efficiency=0.85, imports=0.0):  # fmt: skip
    """Design days of zones [Z, S, H] that share their weather."""
    load = np.asarray(load, dtype=float).reshape(-1, np.shape(load)[-2] if np.ndim(load) > 2 else 1, 24)
    zones, seasons = load.shape[:2]
    credit = np.ones((zones, seasons, 2, 6))
    credit[..., THERMAL], credit[..., SOLAR], credit[..., HYDRO] = thermal, low_day, hydro
    credit[..., WIND] = wind
    both = np.stack([load, load if lull is None else np.broadcast_to(lull, load.shape)], axis=2)
    storage_hours = np.zeros((zones, 6))
    storage_hours[:, BATTERY], storage_hours[:, PUMPED] = battery_hours, 8.0
    return ac.DesignDays(
        np.ascontiguousarray(both), ROLE, credit, np.broadcast_to(solar_cf, load.shape).copy(),
        np.full((zones, seasons), hydro_hours), storage_hours, np.full(zones, efficiency),
        np.full((zones, seasons), float(imports)),
    )  # fmt: skip


def grid(sizes, *, links=(), room=0.3):
    first = np.concatenate([[0], np.cumsum(sizes)])
    a, b, gw = (
        (np.array(c) for c in zip(*links, strict=True))
        if links
        else (np.array([], int),) * 2 + (np.array([]),)
    )
    cuts = ac.link_cuts_gw(first, a, b, gw)
    matrix = audit.link_matrix_gw(first[-1], ac.zone_nations(first), a, b, gw)
    return ac.Grid(first, cuts, np.full(first[-1], room)), matrix


def supply(capacity, design):
    return float(
        ac.accredit(np.atleast_2d(np.asarray(capacity, dtype=float)), design, grid([1])[0]).supply_gw[0, 0]
    )


def random_world(seed, sizes=(3, 1), seasons=2):
    rng = np.random.default_rng(seed)
    zones = sum(sizes)
    load = rng.uniform(5, 100, (zones, seasons, 1)) * rng.uniform(0.5, 1.0, (zones, seasons, 24))
    if rng.random() < 0.7:  # a day with one or two peaks instead of noise
        humps = [
            np.exp(-((HOURS - at) ** 2) / rng.uniform(2, 20))
            for at in (rng.integers(6, 11), rng.integers(16, 22))
        ]
        load = rng.uniform(5, 100, (zones, seasons, 1)) * (
            0.6 + sum(rng.uniform(0, 0.4, (zones, seasons, 1)) * h for h in humps)
        )
    design = days(load, lull=load * rng.uniform(0.85, 1), hydro_hours=rng.uniform(0, 18),
                  efficiency=rng.uniform(0.6, 1), imports=rng.choice([0.0, 3.0]),
                  thermal=rng.uniform(0.5, 1))  # fmt: skip
    capacity = rng.uniform(0, [80, 60, 120, 40, 30, 20], (zones, 6)) * (rng.random((zones, 6)) < 0.75)
    links = [
        (i, j, rng.uniform(0, 20))
        for i in range(sizes[0])
        for j in range(sizes[0])
        if i != j and rng.random() < 0.6
    ]
    return design, capacity, *grid(sizes, links=links, room=rng.uniform(0, 0.5)), rng


def joint_program(design, capacity, z=0, s=0):
    """The largest peak a planner could carry who sees both days whole: hydro and storage together, GW
    (HiGHS).
    """
    credit, hours = design.credit[z, s], 24
    top = design.load[z, s, 0].max()
    power = (capacity * credit[0])[BATTERY:].sum()
    energy = (capacity * credit[0] * design.storage_hours[z])[BATTERY:].sum()
    hydro_gw, hydro_gwh = capacity[HYDRO] * credit[0, HYDRO], capacity[HYDRO] * design.hydro_hours[z, s]
    n = 1 + 2 * 4 * hours + 2  # x; per day hydro, charge, discharge, filling; filling at the start
    rows, rhs, equal, equal_rhs = [], [], [], []
    bounds = [(0, None)]
    for day in range(2):
        at = 1 + day * 4 * hours
        start = n - 2 + day
        bounds += [(0, hydro_gw)] * hours + [(0, power)] * (2 * hours) + [(0, energy)] * hours
        given_gw = (
            capacity[:2] @ credit[day, :2]
            + design.imports_gw[z, s]
            + capacity[SOLAR] * credit[day, SOLAR] * design.solar_cf[z, s]
        )
        for h in range(hours):
            row = np.zeros(n)
            row[[0, at + h, at + hours + h, at + 2 * hours + h]] = design.load[z, s, day, h] / top, -1, 1, -1
            rows.append(row)
            rhs.append(given_gw[h])
            row = np.zeros(n)
            row[[at + 3 * hours + h, at + hours + h, at + 2 * hours + h]] = 1, -design.efficiency[z], 1
            row[start if h == 0 else at + 3 * hours + h - 1] -= 1
            equal.append(row)
            equal_rhs.append(0.0)
        row = np.zeros(n)
        row[at : at + hours] = 1
        rows.append(row)
        rhs.append(hydro_gwh)
        row = np.zeros(n)  # the peak day starts full, the lull day ends as it began
        row[start] = 1
        if day == ac.LULL:
            row[at + 4 * hours - 1] = -1
        equal.append(row)
        equal_rhs.append(energy if day == ac.PEAK else 0.0)
    bounds += [(0, energy)] * 2
    cost = np.zeros(n)
    cost[0] = -1
    result = linprog(cost, np.array(rows), rhs, np.array(equal), equal_rhs, bounds)
    assert result.status == 0
    return -result.fun


# ---- one zone ----


def test_without_storage_and_hydro_the_tightest_hour_decides():
    design = days(100 * EVENING, imports=5.0)
    firm = 60 * 0.9 + 40 * 0.05 + 5
    expected = np.min((firm + 30 * 0.6 * SUN) / (EVENING / EVENING.max()))
    assert supply([60, 40, 30, 0, 0, 0], design) == pytest.approx(expected, abs=1e-9)


def test_unlimited_lossless_storage_carries_the_mean_net_load():
    design = days(100 * EVENING, battery_hours=1e4, efficiency=1.0)
    given_gwh = 24 * (60 * 0.9 + 40 * 0.05) + (30 * 0.6 * SUN).sum()
    expected = given_gwh / (EVENING / EVENING.max()).sum()
    assert supply([60, 40, 30, 0, 1e4, 0], design) == pytest.approx(expected, rel=1e-9)


def test_storage_cannot_hide_a_lull():
    design = days(100 * EVENING, battery_hours=1e4, efficiency=0.85)
    in_lull = 24 * 40 * 0.05 / (EVENING / EVENING.max()).sum()
    assert supply([0, 40, 0, 0, 1e4, 0], design) <= in_lull
    assert supply([0, 0, 0, 0, 1e4, 0], design) == 0.0


def test_losses_of_storage_are_paid_for():
    lossless, lossy = (supply([60, 0, 0, 0, 50, 0], days(100 * EVENING, efficiency=e)) for e in (1.0, 0.7))
    assert lossy < lossless


def test_a_dead_zone_supplies_nothing_and_no_load_is_no_error():
    assert supply(np.zeros(6), days(100 * EVENING)) == 0.0
    blackout = days(100 * EVENING, thermal=0.0, wind=(0.0, 0.0), low_day=0.0, hydro=0.0, hydro_hours=0.0)
    assert supply([50, 50, 50, 50, 50, 50], blackout) == 0.0
    nobody = ac.accredit(np.array([[50.0, 0, 0, 0, 0, 0]]), days(np.zeros(24)), grid([1])[0])
    assert nobody.supply_gw[0, 0] == pytest.approx(45.0)  # what it could send elsewhere
    assert nobody.coins_kw[0] == 0


def test_round_numbers_keep_their_last_coin():
    outcome = ac.accredit(np.array([[100.0, 0, 0, 0, 0, 0]]), days(100 * EVENING, thermal=0.93), grid([1])[0])
    assert outcome.coins_kw[0] == 93_000_000


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_without_hydro_the_linear_program_agrees(seed):
    design, capacity, *_ = random_world(seed, sizes=(1,), seasons=1)
    capacity[0, HYDRO] = 0.0
    assert supply(capacity, design) == pytest.approx(joint_program(design, capacity[0]), abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_hydro_first_never_beats_the_joint_program_and_rarely_loses_to_it(seed):
    design, capacity, *_ = random_world(seed, sizes=(1,), seasons=1)
    best = joint_program(design, capacity[0])
    assert 0.95 * best - 1e-6 <= supply(capacity, design) <= best + 1e-6


def test_on_a_day_with_one_peak_hydro_first_is_the_joint_optimum():
    for hydro in (5.0, 15.0, 30.0):
        capacity = np.array([50, 0, 0, hydro, 20, 5], dtype=float)
        design = days(100 * EVENING)
        assert supply(capacity, design) == pytest.approx(joint_program(design, capacity), abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.floats(1e-3, 50.0))
def test_more_of_anything_never_lowers_supply_or_coins(seed, more):
    design, capacity, network, _, _ = random_world(seed)
    before = ac.accredit(capacity, design, network)
    for k in range(6):
        added = capacity.copy()
        added[0, k] += more
        after = ac.accredit(added, design, network)
        assert (after.supply_gw >= before.supply_gw - 1.5e-9).all()
        assert (after.coins_kw >= before.coins_kw).all()


# ---- a nation ----


def test_zones_without_lines_keep_their_surplus_bottled_up():
    design = days(np.stack([50 * EVENING, 100 * EVENING])[:, None, :])
    capacity = np.zeros((2, 6))
    capacity[:, THERMAL] = 200, 50
    alone = ac.accredit(capacity, design, grid([2])[0])
    top = EVENING.max()
    assert alone.national_gw[0] == pytest.approx(1.3 * 50 * top + 45)
    joined = ac.accredit(capacity, design, grid([2], links=[(0, 1, 1e6), (1, 0, 1e6)])[0])
    assert joined.national_gw[0] == pytest.approx(min(180 + 45, 1.3 * 150 * top))
    narrow = ac.accredit(capacity, design, grid([2], links=[(0, 1, 7.0)])[0])
    assert narrow.national_gw[0] == pytest.approx(1.3 * 50 * top + 45 + 7)


def test_the_scarcer_season_counts_on_the_annual_peak():
    design = days(np.stack([100 * EVENING, 50 * EVENING])[None])
    outcome = ac.accredit(np.array([[100.0, 0, 0, 0, 0, 0]]), design, grid([1], room=9.0)[0])
    assert outcome.national_gw[0] == pytest.approx(90.0)  # summer: 90/100 of 100; winter 90/50 is no limit


def test_too_many_zones_are_refused_with_advice():
    with pytest.raises(ValueError, match="at most 8"):
        grid([9])


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_a_plain_recomputation_agrees(seed):
    design, capacity, network, links, rng = random_world(seed, sizes=(4, 1), seasons=1)
    outcome = ac.accredit(capacity, design, network)
    zone, technology = (a.ravel() for a in np.indices(capacity.shape))
    shuffled = rng.permutation(capacity.size)
    plain, national = audit.recompute(
        zone[shuffled],
        technology[shuffled],
        capacity.ravel()[shuffled],
        design,
        network.first,
        network.room,
        links,
    )
    assert plain == pytest.approx(outcome.supply_gw, abs=1e-6)
    assert national == pytest.approx(outcome.national_gw, abs=1e-6)


@settings(max_examples=100, deadline=None)
@given(SEEDS)
def test_the_monthly_certificate_holds_and_finds_the_same_coins(seed):
    design, capacity, network, links, rng = random_world(seed, sizes=(5, 1))
    outcome = ac.accredit(capacity, design, network)
    zone, technology = (np.tile(a.ravel(), 3) for a in np.indices(capacity.shape))
    rows = np.tile(capacity.ravel() / 3, 3)
    shuffled = rng.permutation(len(rows))
    proof = audit.certify(
        zone[shuffled], technology[shuffled], rows[shuffled], design, network, links, outcome.supply_gw
    )
    assert proof.holds
    assert np.abs(proof.coins_kw - outcome.coins_kw).max() <= 1


def test_the_certificate_trips_on_a_plant_that_is_not_there_or_not_counted():
    design, capacity, network, links, _ = random_world(3, sizes=(3, 1))
    capacity[:, THERMAL] = 40.0
    outcome = ac.accredit(capacity, design, network)
    zone, technology = (a.ravel() for a in np.indices(capacity.shape))
    fewer, more = capacity.copy(), capacity.copy()
    fewer[0, THERMAL] -= 0.001
    more[0, THERMAL] += 0.001
    check = audit.certify(zone, technology, fewer.ravel(), design, network, links, outcome.supply_gw)
    assert check.too_high[0].all()
    assert not check.holds
    check = audit.certify(zone, technology, more.ravel(), design, network, links, outcome.supply_gw)
    assert check.too_low[0].all()
    assert not check.too_low[1:].any()


# ---- minting and margins ----


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_mints_add_up_to_the_change_of_coins_exactly(seed):
    design, capacity, network, _, rng = random_world(seed)
    now = ac.accredit(capacity, design, network)
    zone, technology = rng.integers(0, 4, 12), rng.integers(0, 6, 12)
    gw = rng.uniform(0, 3, 12)
    minted, after = ac.mint(capacity, zone, technology, gw, design, network, now)
    assert (minted >= 0).all()
    change = after.coins_kw - now.coins_kw
    nation = ac.zone_nations(network.first)[zone]
    assert [minted[nation == n].sum() for n in range(2)] == change.tolist()
    grown = capacity.copy()
    np.add.at(grown, (zone, technology), gw)
    assert ac.accredit(grown, design, network).coins_kw == pytest.approx(after.coins_kw, abs=1)


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.floats(-6.0, 1.0))
def test_minting_by_zone_is_minting_batch_by_batch(seed, size):
    design, capacity, network, _, rng = random_world(seed)
    now = ac.accredit(capacity, design, network)
    closing = -np.minimum(capacity, rng.uniform(0, 10.0**size, capacity.shape)) * (rng.random(capacity.shape) < 0.8)
    opening = rng.uniform(0, 10.0**size, capacity.shape) * (rng.random(capacity.shape) < 0.3)
    changes = np.stack([closing, opening])
    part, zone, technology = np.nonzero(changes)
    minted, after = ac.mint(capacity, zone, technology, changes[part, zone, technology], design, network, now)
    by_zone, same = ac.mint_zones(capacity, changes, design, network, now)
    np.testing.assert_allclose(same.supply_gw, after.supply_gw, rtol=0.0, atol=1.5e-9)
    # watts of rounding may move a coin from one month to the next, never make one
    assert np.abs(by_zone - np.bincount(zone, minted, len(capacity))).max() <= 1
    nation = ac.zone_nations(network.first)
    assert (np.bincount(nation, by_zone) == same.coins_kw - now.coins_kw).all()
    # a search from nothing ends where the steps from batch to batch have
    np.testing.assert_allclose(
        ac.accredit(capacity + closing + opening, design, network).supply_gw, after.supply_gw, rtol=0.0, atol=2.5e-9
    )


def test_nothing_commissioned_mints_nothing_and_changes_nothing():
    design, capacity, network, _, _ = random_world(5)
    now = ac.accredit(capacity, design, network)
    none = np.array([], dtype=np.int64)
    minted, after = ac.mint(capacity, none, none, np.array([]), design, network, now)
    assert len(minted) == 0
    assert after.supply_gw is not now.supply_gw
    assert (after.coins_kw == now.coins_kw).all()


def test_hydro_is_poured_alike_from_memory_and_from_nothing():
    rng = np.random.default_rng(3)
    lines, order = np.zeros((2, 24)), np.arange(24)
    days_of_load = rng.uniform(0, 100, (50, 24))
    for k in range(500):
        net = days_of_load[k // 10] + 0.1 * rng.normal()
        power = rng.uniform(1, 60)
        energy = rng.uniform(0.01, 0.95) * 24 * power
        warm, cold, slope = net.copy(), net.copy(), rng.uniform(0.5, 1, 24)
        warm_slope, cold_slope = slope.copy(), slope.copy()
        carry._shave(warm, warm_slope, lines[0], lines[1], power, energy, order)
        carry._shave_sorted(cold, cold_slope, np.zeros(24), np.zeros(24), power, energy, np.arange(24))
        level = brentq(
            lambda t, net=net, power=power, energy=energy: np.clip(net - t, 0, power).sum() - energy,
            net.min() - power, net.max(),
        )  # fmt: skip
        np.testing.assert_allclose(cold, net - np.clip(net - level, 0, power), atol=1e-9)
        np.testing.assert_allclose(warm, cold, atol=1e-9)
        np.testing.assert_allclose(warm_slope, cold_slope, atol=1e-12)


def test_a_marginal_credit_is_what_one_more_gigawatt_mints():
    design, capacity, network, _, _ = random_world(11)
    now = ac.accredit(capacity, design, network)
    credit = ac.marginal_credit(capacity, design, network, now, np.full(6, 1.0))
    for z in range(4):
        for k in range(6):
            minted, _ = ac.mint(capacity, np.array([z]), np.array([k]), np.array([1.0]), design, network, now)
            assert minted[0] / 1e6 == pytest.approx(credit[z, k], abs=2e-6)


def test_a_design_load_peaks_where_it_is_told_to():
    load = ac.design_load_gw(
        np.broadcast_to(EVENING, (2, 1, 24)), np.array([[1.6], [1.4]]), np.array([50.0, 0.0]), np.array([0.9,
        1.0]), np.array([5.0, 2.0]),
    )  # fmt: skip
    assert load.max(axis=2)[:, 0] == pytest.approx([1.6 * 50 * 0.9 + 5, 2.0])
    assert load[1, 0] == pytest.approx(np.full(24, 2.0))


@pytest.mark.parametrize("wrong_by", [0.0, 1e-3, 0.3, 50.0])
def test_a_guess_shortens_the_search_and_changes_nothing(wrong_by):
    world = World(until="2026-02")
    state, grid = world.state, world.statics.system.grid
    plain = ac.accredit(state.fleet_gw, state.days, grid)
    guessed = ac.accredit(state.fleet_gw, state.days, grid, plain.supply_gw * (1.0 + wrong_by))
    np.testing.assert_array_equal(plain.supply_gw, guessed.supply_gw)
    np.testing.assert_array_equal(plain.coins_kw, guessed.coins_kw)
