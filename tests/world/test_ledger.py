"""The books balance in integers whatever is paid, minted, staked or lent."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wattrace.world.money.ledger import PURPOSES, Ledger

NATIONS, PARTIES = 3, 12  # per nation: bank, fund, two private parties
HOME = np.arange(PARTIES) % NATIONS
BANK = np.arange(NATIONS)
FUND = BANK + NATIONS
PRIVATE = list(range(2 * NATIONS, PARTIES))


def new_ledger(kw: int = 1_000_000) -> Ledger:
    ledger = Ledger(HOME, BANK, FUND)
    for party in PRIVATE if kw else ():
        ledger.mint(party, int(HOME[party]), kw)
    return ledger


def accredited(ledger: Ledger) -> np.ndarray:
    return ledger.minted_total - ledger.bought_back_total


def value_of(seed: int) -> np.ndarray:
    return np.exp(np.random.default_rng(seed).normal(1.0, 0.7, NATIONS))


party = st.integers(0, PARTIES - 1)
private = st.sampled_from(PRIVATE)
nation = st.integers(0, NATIONS - 1)
amount = st.integers(0, 400_000)
step = st.one_of(
    st.tuples(st.just("pay"), party, party, st.floats(0.0, 5_000.0)),
    st.tuples(st.just("settle"), party, party, st.integers(0, 50_000)),
    st.tuples(st.just("mint"), private, nation, amount),
    st.tuples(st.just("buy back"), private, nation, amount),
    st.tuples(st.just("stake"), private, nation, amount),
    st.tuples(st.just("unstake"), private, nation, amount),
    st.tuples(st.just("lend"), private, nation, st.integers(-200_000, 200_000)),
)
step_of_other_money = st.one_of(
    st.tuples(st.sampled_from(("pay", "settle")), party, party, st.integers(0, 50_000)),
    st.tuples(st.sampled_from(("mint", "buy back", "issue")), private, nation, amount),
    st.tuples(st.just("lend"), private, nation, st.integers(-200_000, 200_000)),
)


def apply(ledger: Ledger, action: str, who: int, other: int, much: float, value: np.ndarray) -> None:
    """Do one thing as the world does it: never out of an empty vault, an empty deposit or a missing coin."""
    home = int(HOME[who])
    if action == "pay":
        ledger.pay("goods", who, other, much)
    elif action == "settle":
        ledger.settle(value, np.full(PARTIES, int(much)))
    elif action == "mint":
        ledger.mint(who, home, int(much))
    elif action == "buy back":
        backed = (ledger.deposits[who], ledger.coins[BANK[home], home]) if ledger.capacity_is_money else (ledger.coins[who, home],)
        room = min(*backed, ledger.obligations[who, home], int(much))
        ledger.buy_back(who, home, max(int(room), 0))
    elif action == "lend":
        ledger.lend(np.array([who]), np.array([max(int(much), -int(min(ledger.loans[who], ledger.deposits[who])))]))
    elif action == "issue":
        ledger.issue_reserves(np.full(NATIONS, int(much)))
    elif action == "stake":
        ledger.move_coins(who, other, max(int(much), 0), value)
    elif action == "unstake":
        ledger.move_coins(who, other, -max(int(much), 0), value)


@settings(max_examples=150, deadline=None)
@given(st.lists(step, max_size=30), st.integers(0, 10_000))
def test_both_identities_hold_after_any_series_of_operations(steps, seed):
    ledger = new_ledger()
    for number, (action, who, other, much) in enumerate(steps):
        apply(ledger, action, who, other, much, value_of(seed + number // 5))
        assert ledger.faults(accredited(ledger)) == []


@settings(max_examples=100, deadline=None)
@given(st.lists(step_of_other_money, max_size=30), st.integers(0, 10_000))
def test_both_identities_hold_where_money_is_another(steps, seed):
    ledger = Ledger(HOME, BANK, FUND, capacity_is_money=False)
    for number, (action, who, other, much) in enumerate(steps):
        apply(ledger, action, who, other, much, value_of(seed + number // 5))
        assert ledger.faults(accredited(ledger)) == []
        assert ledger.coins[BANK].sum() == 0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(party, party, st.floats(0.0, 1e5)), max_size=40), st.integers(0, 10_000))
def test_payments_move_money_and_make_none(payments, seed):
    ledger = new_ledger()
    value = value_of(seed)
    for payer, payee, musd in payments:
        ledger.pay("wages", payer, payee, musd)
    before = ledger.total_coins().copy()
    flows = ledger.settle(value, np.zeros(PARTIES, dtype=np.int64))
    np.testing.assert_array_equal(ledger.total_coins(), before)
    home = HOME[flows.payer] == HOME[flows.payee]
    np.testing.assert_array_equal(flows.out_kw[home], flows.in_kw[home])
    for kw, side in ((flows.out_kw, flows.payer), (flows.in_kw, flows.payee)):
        assert (np.abs(kw * value[HOME[side]] / 1000.0 - flows.musd) <= value[HOME[side]] / 2000.0 * (1 + 1e-9) + 1e-9).all()
    assert (ledger.deposits[PRIVATE] >= 0).all()
    assert ledger.faults(accredited(ledger)) == []


@given(st.integers(0, 3_000_000), st.integers(0, 1_000_000))
@settings(max_examples=40, deadline=None)
def test_what_a_payer_lacks_is_lent_up_to_its_room_and_then_in_arrears(kw, room):
    ledger = new_ledger()
    payer, payee = PRIVATE[0], PRIVATE[NATIONS]
    assert HOME[payer] == HOME[payee]
    value = np.full(NATIONS, 2.0)
    ledger.pay("goods", payer, payee, kw * 2.0 / 1000.0)
    ledger.settle(value, np.full(PARTIES, room))
    lack = max(kw - 1_000_000, 0)
    assert ledger.deposits[payer] == max(1_000_000 - kw, 0)
    assert ledger.loans[payer] == min(lack, room)
    assert ledger.arrears[payer] == lack - min(lack, room)
    assert ledger.deposits[payee] == 1_000_000 + kw
    assert ledger.arrears_months[payer] == (lack > room)


def test_arrears_are_paid_down_before_anything_else():
    ledger = new_ledger()
    payer, payee = PRIVATE[0], PRIVATE[NATIONS]
    value, none = np.ones(NATIONS), np.zeros(PARTIES, dtype=np.int64)
    ledger.pay("goods", payer, payee, 1500.0)
    ledger.settle(value, none)
    assert ledger.arrears[payer] == 500_000
    ledger.pay("goods", payee, payer, 200.0)
    ledger.settle(value, none)
    assert (ledger.arrears[payer], ledger.deposits[payer], ledger.arrears_months[payer]) == (300_000, 0, 2)
    ledger.pay("goods", payee, payer, 400.0)
    ledger.settle(value, none)
    assert (ledger.arrears[payer], ledger.deposits[payer], ledger.arrears_months[payer]) == (0, 100_000, 0)


@pytest.mark.parametrize("musd", [float("nan"), float("inf"), -1.0, -1e-9])
def test_a_payment_that_is_no_amount_is_refused_with_who_and_what_for(musd):
    ledger = new_ledger()
    before = ledger.deposits.copy()
    ledger.pay("chips", PRIVATE[0], PRIVATE[1], 5.0)
    ledger.pay("rent", PRIVATE[2], PRIVATE[3], musd)
    with pytest.raises(ValueError, match=rf"from party {PRIVATE[2]} to {PRIVATE[3]} for rent; allowed: finite and not negative"):
        ledger.settle(np.ones(NATIONS), np.zeros(PARTIES, dtype=np.int64))
    np.testing.assert_array_equal(ledger.deposits, before)


@pytest.mark.parametrize("price", [0.0, -1.0, float("nan"), float("inf")])
def test_a_watt_without_a_price_is_refused(price):
    ledger = new_ledger()
    ledger.pay("goods", PRIVATE[0], PRIVATE[1], 5.0)
    with pytest.raises(ValueError, match="allowed"):
        ledger.settle(np.array([1.0, price, 1.0]), np.zeros(PARTIES, dtype=np.int64))


def test_an_unknown_purpose_is_refused():
    with pytest.raises(KeyError):
        new_ledger().pay("bribes", 0, 1, 1.0)


def test_a_month_without_payments_changes_nothing():
    ledger = new_ledger()
    before = {name: getattr(ledger, name).copy() for name in Ledger.ARRAYS}
    flows = ledger.settle(np.ones(NATIONS), np.full(PARTIES, 10))
    assert len(flows.musd) == 0
    assert len(ledger.history) == 1
    for name, array in before.items():
        np.testing.assert_array_equal(getattr(ledger, name), array, err_msg=name)


def test_payments_to_oneself_and_of_nothing_leave_no_trace():
    ledger = new_ledger()
    ledger.pay("goods", PRIVATE, PRIVATE, 10.0)
    ledger.pay("goods", PRIVATE[0], PRIVATE[1], 0.0)
    assert len(ledger.settle(np.ones(NATIONS), np.zeros(PARTIES, dtype=np.int64)).musd) == 0


def test_everyone_may_pay_one():
    ledger = new_ledger()
    everyone = np.arange(PARTIES)
    ledger.pay("tax", everyone, PRIVATE[0], 100.0)
    flows = ledger.settle(np.ones(NATIONS), np.zeros(PARTIES, dtype=np.int64))
    assert len(flows.musd) == PARTIES - 1
    assert ledger.deposits[PRIVATE[0]] == 1_000_000 + 100_000 * (PARTIES - 1)
    assert ledger.faults(accredited(ledger)) == []


def test_banks_cancel_what_they_owe_each_other():
    ledger = new_ledger()
    value = np.array([1.0, 2.0, 4.0])
    a, b = PRIVATE[0], PRIVATE[1]
    ledger.pay("goods", a, b, 300.0)
    ledger.pay("goods", b, a, 200.0)
    ledger.settle(value, np.zeros(PARTIES, dtype=np.int64))
    assert min(ledger.nostro[HOME[a], HOME[b]], ledger.nostro[HOME[b], HOME[a]]) == 0
    owed = ledger.nostro[HOME[b], HOME[a]] * value[HOME[a]] / 1000.0
    assert abs(owed - 100.0) < 0.01
    assert ledger.faults(accredited(ledger)) == []


@given(st.integers(0, 900_000), st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_coins_bought_abroad_and_sold_again_cost_at_most_rounding(kw, seed):
    ledger, value = new_ledger(), value_of(seed)
    who, there = PRIVATE[0], (int(HOME[PRIVATE[0]]) + 1) % NATIONS
    before = int(ledger.deposits[who])
    ledger.move_coins(who, there, kw, value)
    ledger.move_coins(who, there, -int(ledger.coins[who, there]), value)
    slack = 2 + int(np.ceil(value[there] / value[HOME[who]]))
    assert before - slack <= ledger.deposits[who] <= before
    assert ledger.faults(accredited(ledger)) == []


def test_a_copy_is_independent():
    ledger = new_ledger()
    ledger.pay("goods", PRIVATE[0], PRIVATE[1], 5.0)
    copy = ledger.copy()
    copy.settle(np.ones(NATIONS), np.zeros(PARTIES, dtype=np.int64))
    copy.mint(PRIVATE[0], 0, 5)
    assert (ledger.deposits[PRIVATE] == 1_000_000).all()
    assert ledger.history == []
    assert len(ledger.settle(np.ones(NATIONS), np.zeros(PARTIES, dtype=np.int64)).musd) == 1


def test_purposes_are_named_once():
    assert len(set(PURPOSES)) == len(PURPOSES)


def spoiled(change) -> list[str]:
    ledger = new_ledger()
    change(ledger)
    return [text for _, text, _ in ledger.faults(accredited(ledger))]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda ledger: ledger.deposits.__setitem__(6, ledger.deposits[6] + 1), "bank liabilities − bank assets"),
        (lambda ledger: ledger.obligations.__setitem__((6, 0), 0), "coins − obligations"),
        (lambda ledger: ledger.shortfall.__setitem__((6, 0), 1), "coins − (accredited + shortfalls)"),
        (lambda ledger: ledger.shortfall.__setitem__((slice(6, 12, 3), 0), [1, -1]), "negative shortfall"),
        (lambda ledger: ledger.staked.__setitem__((6, 0), 1), "stakes without coins"),
    ],
)
def test_faults_name_what_is_broken(change, text):
    assert text in spoiled(change)


def test_a_rounded_price_never_buys_more_than_the_vault_has():
    ledger = new_ledger(0)
    rich, seller = PRIVATE[0], PRIVATE[1]
    ledger.mint(rich, int(HOME[rich]), 1000)
    ledger.mint(seller, int(HOME[seller]), 6)
    value = np.ones(NATIONS)
    value[HOME[rich]] = 10.0  # 6 kW abroad cost 0.6 kW at home, which is rounded to 1
    ledger.move_coins(rich, int(HOME[seller]), 6, value)
    assert ledger.coins[rich, HOME[seller]] == 6
    assert ledger.coins[BANK[HOME[seller]], HOME[seller]] == 0
    assert ledger.faults(accredited(ledger)) == []
