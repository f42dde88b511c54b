"""The books: integer kW of coin, double entry, one function through which money moves.

Every party keeps a deposit at its nation's bank; a bank's own slot is its equity in its own coin. For each coin n

    sum of deposits at home in n (the bank's equity included) + foreign banks' claims on n
        = coins in the bank's vault + reserves + loans + arrears                           (bank identity)
    coins held by all = obligations of those who minted them = accredited kW + shortfalls  (coin identity)

hold as equalities of integers after every operation; `Ledger.faults` checks them. Payments are collected during
the month with `pay` and settled at its end by `settle`: what a payer lacks becomes a loan within its limit, the
rest a dated overdraft (arrears) at its bank, so trade never fails to settle.

Where capacity is no money (`regimes.py`), deposits, loans, arrears, claims and reserves count units of another money. Coins are
then rights that their minters keep: the vault holds none, and reserves, issued by the central bank, stand behind the deposits.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..kernels import kernel

PURPOSES = (
    "energy", "rent", "stake", "mint", "buy-back", "zone right", "fuel", "wages", "goods", "capex", "chips", "robots",
    "launch", "lease", "AI services", "tax", "public spending", "subsidy", "tariff", "interest", "loan", "repayment",
    "bond", "coupon", "dividend", "equity", "buy-out", "compensation", "FX", "default loss",
)  # fmt: skip
PURPOSE = {name: i for i, name in enumerate(PURPOSES)}


_FIRST_SLIP = 1024  # payments there is room for at first


class Flows(NamedTuple):
    """The settled payments of one month, as parallel arrays."""

    payer: np.ndarray  # party
    payee: np.ndarray  # party
    purpose: np.ndarray  # index in PURPOSES
    musd: np.ndarray  # value at the month's P
    out_kw: np.ndarray  # in the payer's coin
    in_kw: np.ndarray  # in the payee's coin


class Slip(NamedTuple):
    """Payments that wait for settlement, as parallel arrays with room for more."""

    payer: np.ndarray
    payee: np.ndarray
    purpose: np.ndarray
    musd: np.ndarray


_FAULTS = (
    "coins − (accredited + shortfalls)", "coins − obligations", "bank liabilities − bank assets", "stakes without coins",
    "negative coins", "negative shortfall",
)  # fmt: skip


@kernel
def _settle(payer, payee, musd, value, home, is_bank, bank_of, deposits, nostro, out_kw, in_kw):
    """Execute payments in order; a cross-border payment leaves the payee's bank with a claim on the payer's."""
    for k in range(payer.shape[0]):
        i, j = home[payer[k]], home[payee[k]]
        paid = np.int64(np.floor(musd[k] * 1000.0 / value[i] + 0.5))
        got = paid if i == j else np.int64(np.floor(musd[k] * 1000.0 / value[j] + 0.5))
        out_kw[k], in_kw[k] = paid, got
        deposits[payer[k]] -= paid
        deposits[payee[k]] += got
        if i != j:
            nostro[j, i] += paid
            deposits[bank_of[j]] -= got


@kernel
def _net_claims(value, bank_of, deposits, nostro):
    """Let pairs of banks cancel what they owe each other, at the cross rate; the smaller claim disappears."""
    for i in range(value.shape[0]):
        for j in range(i):
            both = min(nostro[j, i] * value[i], nostro[i, j] * value[j])
            if both <= 0.0:
                continue
            x, y = np.int64(np.floor(both / value[i])), np.int64(np.floor(both / value[j]))
            nostro[j, i] -= x
            deposits[bank_of[i]] += x
            nostro[i, j] -= y
            deposits[bank_of[j]] += y
            # each bank gives up the claim it held: its equity in its own coin has been credited above


@kernel
def _cover(deposits, loans, arrears, arrears_months, is_bank, loan_room_kw):
    """Do what `Ledger._cover` says for every party that is no bank."""
    for p in range(deposits.shape[0]):
        if is_bank[p]:
            continue
        spare = min(max(deposits[p], 0), arrears[p])
        deposits[p] -= spare
        arrears[p] -= spare
        if deposits[p] < 0:
            need = -deposits[p]
            loan = min(need, max(loan_room_kw[p], 0))
            loans[p] += loan
            arrears[p] += need - loan
            deposits[p] = 0
        arrears_months[p] = arrears_months[p] + 1 if arrears[p] > 0 else 0


@kernel
def _by_party(payer, payee, musd, out_kw, in_kw, value, home, received, paid, spent):
    """Add up what every party received and paid in its own coin and what it spent, all in MUSD."""
    for k in range(payer.shape[0]):
        i, j = payer[k], payee[k]
        received[j] += in_kw[k] * value[home[j]] / 1000.0
        paid[i] += out_kw[k] * value[home[i]] / 1000.0
        spent[i] += musd[k]


def flows_by_party(flows: Flows, value: np.ndarray, home: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return [A] what every party received less what it paid, each in its own coin, and what it spent; MUSD at `value` [N]."""
    received, paid, spent = np.zeros((3, len(home)))
    _by_party(flows.payer, flows.payee, flows.musd, flows.out_kw, flows.in_kw, value, home, received, paid, spent)
    return received - paid, spent


@kernel
def _issue(party, nation, kw, is_money, bank_of, obligations, coins, deposits):
    """Let coins come into being against obligations; below zero: let them go."""
    for k in range(party.shape[0]):
        p, n = party[k], nation[k]
        obligations[p, n] += kw[k]
        if is_money:
            coins[bank_of[n], n] += kw[k]
            deposits[p] += kw[k]
        else:
            coins[p, n] += kw[k]


@kernel
def _heal(party, nation, kw, shortfall, new_kw):
    """A fall of firm capacity becomes a shortfall; of a rise, what is left once the owner's shortfall is made good is new."""
    for k in range(party.shape[0]):
        missing = shortfall[party[k], nation[k]]
        healed = min(kw[k], missing)
        shortfall[party[k], nation[k]] = missing - healed
        new_kw[k] = kw[k] - healed if kw[k] > 0 else 0


@kernel
def _due(party, nation, months, is_money, bank_of, coins, shortfall, kw):
    """Write the kW that each party buys back this month: a share of its shortfall, rounded up, while the vault has coins.

    Where coins are no money, it gives up rights of its own.
    """
    left = np.empty(bank_of.shape[0], np.int64)
    for n in range(left.shape[0]):
        left[n] = max(coins[bank_of[n], n], 0)
    for k in range(party.shape[0]):
        n = nation[k]
        due = -(-shortfall[party[k], n] // months)
        if is_money:
            kw[k] = min(due, left[n])
            left[n] -= kw[k]
        else:
            kw[k] = min(due, coins[party[k], n])


@kernel
def _gaps(
    home, is_money, bank_of, deposits, loans, arrears, coins, staked, rented, obligations, shortfall, nostro, reserves, accredited_kw, gaps
):
    """Write [N, 6] what the identities of `Ledger.faults` are off by."""
    gaps[:] = 0
    for p in range(home.shape[0]):
        h = home[p]
        gaps[h, 2] += deposits[p] - loans[p] - arrears[p]
        for n in range(gaps.shape[0]):
            gaps[n, 0] += coins[p, n] - shortfall[p, n]
            gaps[n, 1] += coins[p, n] - obligations[p, n]
            gaps[n, 3] += max(staked[p, n] - coins[p, n] - rented[p, n], 0)
            gaps[n, 4] = max(gaps[n, 4], -coins[p, n])
            gaps[n, 5] = max(gaps[n, 5], -shortfall[p, n])
    for n in range(gaps.shape[0]):
        gaps[n, 0] -= accredited_kw[n]
        gaps[n, 2] -= reserves[n] + (coins[bank_of[n], n] if is_money else 0)
        for m in range(gaps.shape[0]):
            gaps[n, 2] += nostro[m, n]


@kernel
def _move_coins(party, nation, kw, value, home, bank_of, coins, deposits, nostro):
    """Carry out orders in their order: see `Ledger.move_coins`."""
    for k in range(party.shape[0]):
        p, n = party[k], nation[k]
        h, bank = home[p], bank_of[n]
        amount = max(min(kw[k], max(coins[bank, n], 0)), -coins[p, n])
        if h == n:
            amount = min(amount, max(deposits[p], 0)) if amount > 0 else amount
            deposits[p] -= amount
        elif amount > 0:
            price = min(np.int64(np.floor(amount * value[n] / value[h] + 0.5)), max(deposits[p], 0))
            # a price rounded up must not buy more than there is
            amount = min(amount, np.int64(np.floor(price * value[h] / value[n])))
            deposits[p] -= price
            nostro[n, h] += price
            # the foreign bank gives up coins for a claim: its equity in its own coin falls by them
            deposits[bank] -= amount
        else:
            price = np.int64(np.floor(-amount * value[n] / value[h]))
            nostro[h, n] -= amount
            deposits[p] += price
            deposits[bank_of[h]] -= price
        coins[bank, n] -= amount
        coins[p, n] += amount


class Ledger:
    """Who holds and owes what. Arrays are indexed by party A and nation (coin) N; amounts are int64 kW of coin."""

    ARRAYS = ("deposits", "loans", "arrears", "arrears_months", "coins", "staked", "rented", "obligations",
              "shortfall", "nostro", "minted_total", "bought_back_total", "reserves")  # fmt: skip
    SEALED = ("deposits", "loans", "arrears", "coins", "obligations", "shortfall")

    def __init__(self, home: np.ndarray, bank_of: np.ndarray, fund_of: np.ndarray, capacity_is_money: bool = True):
        parties, nations = len(home), len(bank_of)
        self.capacity_is_money = capacity_is_money
        self.home, self.bank_of, self.fund_of = home, bank_of, fund_of
        self.is_bank = np.zeros(parties, dtype=bool)
        self.is_bank[bank_of] = True
        one, two = (parties,), (parties, nations)
        for name, shape in zip(self.ARRAYS, (one,) * 4 + (two,) * 5 + ((nations, nations), *[(nations,)] * 3), strict=True):
            setattr(self, name, np.zeros(shape, dtype=np.int64))
        self._slip = Slip(*(np.zeros(_FIRST_SLIP, dtype) for dtype in (np.int64, np.int64, np.int8, np.float64)))
        self._waiting = 0  # payments on the slip
        self.history: list[Flows] = []
        self._sealed: dict[str, np.ndarray] = {}

    # arrays set in __init__ by name
    deposits: np.ndarray
    loans: np.ndarray
    arrears: np.ndarray
    arrears_months: np.ndarray
    coins: np.ndarray
    staked: np.ndarray
    rented: np.ndarray
    obligations: np.ndarray
    shortfall: np.ndarray
    nostro: np.ndarray
    minted_total: np.ndarray
    bought_back_total: np.ndarray
    reserves: np.ndarray

    def copy(self) -> Ledger:
        new = object.__new__(Ledger)
        new.__dict__.update(self.__dict__)
        for name in self.ARRAYS:
            setattr(new, name, getattr(self, name).copy())
        new._slip = Slip(*(column.copy() for column in self._slip))
        new.history = list(self.history)
        return new

    # -- payments -----------------------------------------------------------------------------------------------

    def seal(self) -> None:
        """Remember balances: from here to the settlement of the month only the slip of payments may change."""
        self._sealed = {name: getattr(self, name).copy() for name in self.SEALED}

    def unsealed(self) -> tuple[int, str, int] | None:
        """Return (party, balance, kW) of the largest change since `seal`, None where there is none; the seal is taken off."""
        sealed, self._sealed = self._sealed, {}
        moved = [(name, (getattr(self, name) - then).reshape(len(then), -1).sum(axis=1)) for name, then in sealed.items()
                 if not np.array_equal(getattr(self, name), then)]  # fmt: skip
        if not moved:
            return None
        name, change = max(moved, key=lambda one: np.abs(one[1]).max())
        party = int(np.abs(change).argmax())
        return party, name, int(change[party])

    def pay(self, purpose: str, payer, payee, musd) -> None:
        """Collect payments of `musd` (million USD, >= 0) from `payer` to `payee` (parties; arrays [B] or numbers)."""
        columns = np.asarray(payer), np.asarray(payee), np.asarray(musd)
        sizes = [column.size for column in columns]
        if 0 in sizes:
            return
        first, last = self._waiting, self._waiting + max(sizes)
        while last > len(self._slip.musd):
            self._slip = Slip(*(np.concatenate([column, np.zeros_like(column)]) for column in self._slip))
        slip = self._slip
        slip.payer[first:last], slip.payee[first:last], slip.musd[first:last] = columns
        slip.purpose[first:last] = PURPOSE[purpose]
        self._waiting = last

    def settle(self, value: np.ndarray, loan_room_kw: np.ndarray) -> Flows:
        """Settle all collected payments at `value` of the nations' money (thousand USD per unit); overdrafts become loans, then arrears.

        `loan_room_kw` [A] is what each party may still borrow. Returns the month's flows, which are also kept.
        Raises ValueError for a payment that is not finite or negative.
        """
        if not (np.isfinite(value).all() and (value > 0.0).all()):
            n = int(np.flatnonzero(~(np.isfinite(value) & (value > 0.0)))[0])
            raise ValueError(f"value of money {n} is {value[n]} thousand USD per unit; allowed: finite and above 0")
        payer, payee, purpose, musd = (column[: self._waiting] for column in self._slip)
        self._waiting = 0
        fine = (musd >= 0.0) & (musd < np.inf)
        if not fine.all():
            k = int(fine.argmin())
            raise ValueError(
                f"payment of {musd[k]} MUSD from party {payer[k]} to {payee[k]} for {PURPOSES[purpose[k]]}; "
                "allowed: finite and not negative"
            )
        some = np.flatnonzero((musd > 0.0) & (payer != payee))
        payer, payee, musd, purpose = payer[some], payee[some], musd[some], purpose[some]
        out_kw, in_kw = np.empty(len(payer), dtype=np.int64), np.empty(len(payer), dtype=np.int64)
        _settle(payer, payee, musd, value, self.home, self.is_bank, self.bank_of, self.deposits, self.nostro, out_kw, in_kw)
        _net_claims(value, self.bank_of, self.deposits, self.nostro)
        self._cover(loan_room_kw)
        flows = Flows(payer.astype(np.int16), payee.astype(np.int16), purpose, musd, out_kw, in_kw)
        self.history.append(flows)
        return flows

    def _cover(self, loan_room_kw: np.ndarray) -> None:
        """Pay down arrears from what is there; turn negative deposits into loans within the room, then arrears."""
        _cover(self.deposits, self.loans, self.arrears, self.arrears_months, self.is_bank, loan_room_kw)

    def write_off(self, party: int, kw: int, value: np.ndarray, flows: Flows) -> Flows:
        """Charge a forgiven debt of `kw` to the bank's equity; returns the month's flows with the default loss in them."""
        bank = int(self.bank_of[self.home[party]])
        self.deposits[bank] -= kw
        loss = (bank, party, PURPOSE["default loss"], kw * value[self.home[party]] / 1000.0, kw, kw)
        flows = Flows(*(np.append(column, np.array(x, column.dtype)) for column, x in zip(flows, loss, strict=True)))
        self.history[-1] = flows
        return flows

    # -- coins --------------------------------------------------------------------------------------------------

    def mint(self, party, nation, kw) -> None:
        """Create `kw` coins against an equal capacity obligation of `party`; arrays [B] or numbers.

        Where capacity is money they become its deposit, else it holds them as rights.
        """
        party, nation, kw = np.atleast_1d(party), np.atleast_1d(nation), np.atleast_1d(kw)
        _issue(party, nation, kw, self.capacity_is_money, self.bank_of, self.obligations, self.coins, self.deposits)
        np.add.at(self.minted_total, nation, kw)

    def book(self, party: np.ndarray, nation: np.ndarray, kw: np.ndarray) -> np.ndarray:
        """Book changes of firm capacity [B] of owners (each once); returns what was minted [B].

        A rise makes the owner's own shortfall good first; a fall becomes its shortfall.
        """
        new_kw = np.empty(len(kw), np.int64)
        _heal(party, nation, kw, self.shortfall, new_kw)
        some = np.flatnonzero(new_kw)
        if len(some):
            self.mint(party[some], nation[some], new_kw[some])
        return new_kw

    def buy_back(self, party, nation, kw) -> None:
        """Retire `kw` coins, the reverse of `mint`: out of deposit and vault, or out of the party's rights; arrays or numbers."""
        party, nation, kw = np.atleast_1d(party), np.atleast_1d(nation), np.atleast_1d(kw)
        _issue(party, nation, -kw, self.capacity_is_money, self.bank_of, self.obligations, self.coins, self.deposits)
        np.add.at(self.bought_back_total, nation, kw)

    def due_kw(self, party: np.ndarray, nation: np.ndarray, months: int) -> np.ndarray:
        """Return what parties [B] buy back this month: a `months`-th of their shortfall, as far as there are coins to be had."""
        kw = np.empty(len(party), np.int64)
        _due(party, nation, months, self.capacity_is_money, self.bank_of, self.coins, self.shortfall, kw)
        return kw

    def move_coins(self, party, nation, kw, value: np.ndarray) -> None:
        """Let parties [B] buy `kw` [B] coins of nations [B] from their banks' vaults, or sell (negative), one after the other.

        At home a deposit is turned into coins and back; abroad money goes over the exchange at `value` [N] and leaves the other
        bank with a claim. A purchase stops where the vault or the deposit is empty, a sale where no coins are left.
        Raises ValueError where capacity is no money: no vault trades in rights.
        """
        if not self.capacity_is_money and np.size(kw):
            raise ValueError(f"{np.size(kw)} orders for coins of a bank's vault; allowed: none where capacity is no money")
        party, nation, kw = np.atleast_1d(party), np.atleast_1d(nation), np.atleast_1d(kw)
        _move_coins(party, nation, kw, value, self.home, self.bank_of, self.coins, self.deposits, self.nostro)

    def lend(self, party: np.ndarray, kw: np.ndarray) -> None:
        """Grant loans that create deposits (negative: repay)."""
        np.add.at(self.loans, party, kw)
        np.add.at(self.deposits, party, kw)

    def issue_reserves(self, units: np.ndarray) -> None:
        """Let central banks issue `units` [N] of money: their own deposit at the bank, which holds it as reserves."""
        self.reserves += units
        self.deposits[self.fund_of] += units

    # -- what must hold -----------------------------------------------------------------------------------------

    def total_coins(self) -> np.ndarray:
        return self.coins.sum(axis=0)

    def faults(self, accredited_kw: np.ndarray) -> list[tuple[int, str, int]]:
        """Return (nation, what is broken, by how many kW) for every identity that does not hold."""
        gaps = np.empty((len(accredited_kw), len(_FAULTS)), dtype=np.int64)
        _gaps(
            self.home, self.capacity_is_money, self.bank_of, self.deposits, self.loans, self.arrears, self.coins, self.staked,
            self.rented, self.obligations, self.shortfall, self.nostro, self.reserves, accredited_kw, gaps,
        )  # fmt: skip
        found = [(int(n), _FAULTS[kind], int(gaps[n, kind])) for n, kind in np.argwhere(gaps)]
        overdrawn = np.flatnonzero((self.deposits < 0) & ~self.is_bank)
        return found + [(int(self.home[p]), f"overdrawn deposit of party {p}", int(self.deposits[p])) for p in overdrawn]
