"""Day types: energy is conserved, factors stay physical, calm days are worse."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wattrace.world.power import weather

HOURS = np.arange(24)
STILL = weather.Spread(0.03, 0.2, 0.1, 0.15, 0.3)


def month(seed, zones=3):
    rng = np.random.default_rng(seed)
    load = rng.uniform(0.5, 1.5, (zones, 24))
    wind = rng.uniform(0.0, 0.95, (zones, 24))
    solar = np.maximum(0.0, np.sin((HOURS - 6) / 12 * np.pi)) * rng.uniform(0, 1.0, (zones, 1))
    kinds = weather.DayTypes(
        np.array([0.7, 0.07, 0.23]),
        np.stack([rng.uniform(1.0, 1.4, zones), rng.uniform(0.8, 1.0, zones)], axis=1),
        np.stack([rng.uniform(0.0, 0.8, zones), rng.uniform(1.0, 2.5, zones)], axis=1),
        np.stack([rng.uniform(0.3, 1.0, zones), rng.uniform(1.0, 1.5, zones)], axis=1),
    )
    return load, wind, solar, rng.uniform(0, 1, zones), kinds, rng


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=100, deadline=None)
def test_without_draws_the_weighted_mean_day_is_the_profile(seed):
    load, wind, solar, hydro, kinds, _ = month(seed)
    days = weather.days_of_month(load, wind, solar, hydro, kinds, STILL, np.zeros((5, 3)))
    for out, profile in ((days.load, load), (days.wind_cf, wind), (days.solar_cf, solar)):
        assert (out * days.weight[:, None]).sum(axis=1) == pytest.approx(profile, abs=1e-12)
    assert days.hydro_cf == pytest.approx(hydro)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=100, deadline=None)
def test_whatever_is_drawn_factors_stay_in_their_bounds(seed):
    load, wind, solar, hydro, kinds, rng = month(seed)
    days = weather.days_of_month(load, wind, solar, hydro, kinds, STILL, rng.normal(0, 3, (5, 3)))
    for out in (days.wind_cf, days.solar_cf, days.hydro_cf):
        assert (out >= -1e-15).all()
        assert (out <= 1.0 + 1e-12).all()
    assert (days.load > 0.0).all()


def test_the_calm_day_has_more_load_and_less_wind_and_the_weekend_the_reverse():
    load, wind, solar, hydro, kinds, _ = month(1)
    days = weather.days_of_month(load, wind * 0.3, solar, hydro, kinds, STILL, np.zeros((5, 3)))
    energy, blown = days.load.sum(axis=2), days.wind_cf.sum(axis=2)
    assert (energy[:, weather.CALM] >= energy[:, weather.ORDINARY]).all()
    assert (energy[:, weather.WEEKEND] <= energy[:, weather.CALM]).all()
    assert (blown[:, weather.CALM] <= blown[:, weather.ORDINARY]).all()
    assert (blown[:, weather.WEEKEND] >= blown[:, weather.ORDINARY]).all()


def test_a_severe_month_pulls_the_calm_day_further_out():
    load, wind, solar, hydro, kinds, _ = month(2)
    severe = np.zeros((5, 3))
    severe[4] = 1.0
    mild, hard = (
        weather.days_of_month(load, wind, solar, hydro, kinds, STILL, d) for d in (np.zeros((5, 3)), severe)
    )
    assert (hard.load[:, weather.CALM].sum(axis=1) >= mild.load[:, weather.CALM].sum(axis=1)).all()
    assert hard.load.max() > mild.load.max()
    assert (hard.load * hard.weight[:, None]).sum(axis=1) == pytest.approx(load)


def test_calm_load_reaches_the_peak_in_the_highest_month_only():
    profile = np.ones((2, 12, 24))
    profile[:, 6, 15] = 1.25
    ratio = weather.calm_load_ratio(profile, np.array([1.5, 1.0]), 1.0)
    assert ratio == pytest.approx([1.2, 1.0])  # a peak below the mean day is no reason to lower it


def test_no_load_no_wind_no_sun_stay_nothing():
    *_, kinds, _ = month(3)
    nothing = np.zeros((3, 24))
    days = weather.days_of_month(nothing, nothing, nothing, np.zeros(3), kinds, STILL, np.ones((5, 3)))
    assert max(out.max() for out in (days.load, days.wind_cf, days.solar_cf, days.hydro_cf)) == 0.0


def test_weights_that_do_not_sum_to_one_are_refused():
    load, wind, solar, hydro, kinds, _ = month(4)
    with pytest.raises(ValueError, match="sum to 1"):
        weather.days_of_month(
            load,
            wind,
            solar,
            hydro,
            kinds._replace(weight=np.array([0.5, 0.1, 0.1])),
            STILL,
            np.zeros((5, 3)),
        )
