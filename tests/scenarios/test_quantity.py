"""Quantities: what people write is read, what strangers write is refused at once."""

from __future__ import annotations

import contextlib
import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wattrace.scenarios.quantity import QuantityError, read_months, read_quantity


@pytest.mark.parametrize(
    ("given_text", "unit", "value"),
    [
        ("0 %", "1", 0.0),
        ("0.5", "1", 0.5),
        (100, "1", 100.0),
        ("50%", "1", 0.5),
        ("1.5 x", "1", 1.5),
        ("9 months", "months", 9.0),
        ("-3e-2", "1", -0.03),
        ("0.01", "1", 0.01),
        ("0.51", "1", 0.51),
        ("11", "1", 11.0),
        ("2 1", "1", 2.0),
        ("0.51 1/yr", "1/yr", 0.51),
        ("100 GW/yr", "GW/yr", 100.0),
    ],
)
def test_usual_quantities_are_read(given_text, unit, value):
    assert read_quantity(given_text, unit) == pytest.approx(value)


def test_other_units_of_the_same_kind_are_converted():
    assert read_quantity("2000 MW", "GW") == pytest.approx(2.0)
    assert read_quantity("30 USD/MWh", "USD/kWh") == pytest.approx(0.03)


def test_words_stand_for_values():
    assert read_quantity("fixed", "1", {"fixed": 0.0, "adaptive": 1.0}) == 0.0
    with pytest.raises(QuantityError, match="fixed, adaptive"):
        read_quantity("stubborn", "1", {"fixed": 0.0, "adaptive": 1.0})


@pytest.mark.parametrize(
    "hostile",
    [
        "9**9**9 GW",
        "inf",
        "nan",
        "-inf GW",
        "1e999",
        "1e99999999",
        "",
        " ",
        "GW",
        "1 " + "GW*" * 30,
        "1" * 1000,
        "x" * 10**6,
        "__import__('os')",
        "1 GW; 2",
        "1 GW^9^9^9",
        "1 (GW)",
        "٣",
        "0x10",
        "1,5",
        "1/0",
        "1 GW\n2",
        "${HOME}",
        "1 lambda: 0",
        "\0",
    ],
)
@pytest.mark.parametrize("unit", ["1", "GW"])
def test_hostile_texts_are_refused_at_once(hostile, unit):
    began = time.perf_counter()
    with pytest.raises(QuantityError):
        read_quantity(hostile, unit)
    assert time.perf_counter() - began < 10


@pytest.mark.parametrize("hostile", [float("inf"), float("nan"), True, None, [1], {"to": 1}, b"1", 1j])
def test_things_that_are_no_quantity_are_refused(hostile):
    with pytest.raises(QuantityError):
        read_quantity(hostile, "1")


def test_a_wrong_or_missing_unit_says_what_is_allowed():
    with pytest.raises(QuantityError, match="in GW"):
        read_quantity("5", "GW")
    with pytest.raises(QuantityError, match="in GW"):
        read_quantity("5 months", "GW")
    with pytest.raises(QuantityError, match="percentage"):
        read_quantity("5 GW", "1")


@pytest.mark.parametrize(
    ("given_text", "months"), [("24 months", 24), ("2 years", 24), ("0 months", 0), ("1.5 yr", 18)]
)
def test_durations_are_whole_months(given_text, months):
    assert read_months(given_text) == months


@pytest.mark.parametrize("wrong", ["1.5 months", "-1 months", "24", "9999 years", "1 day", "inf months"])
def test_other_durations_are_refused(wrong):
    with pytest.raises(QuantityError):
        read_months(wrong)


@given(st.text(max_size=80))
def test_any_text_gives_a_finite_number_or_a_quantity_error(text):
    with contextlib.suppress(QuantityError):
        assert math.isfinite(read_quantity(text, "1"))
