"""Addresses: what they carry comes back whole, and what a stranger writes into one is checked like a file."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wattrace.viz.live.catalog import catalog
from wattrace.viz.live.moves import Move, Strike
from wattrace.viz.live.premises import premises
from wattrace.viz.live.settings import Serving
from wattrace.viz.live.view import LONGEST, TABS, read_address, write_address
from wattrace.world.money.regimes import REGIMES

SERVING = Serving({"baseline": "baseline", "no-launches": "no-launches"})


def faults_of(query: str) -> str:
    asked, faults = read_address(query, SERVING)
    assert asked.scenario == "baseline"
    assert not faults or (asked.moves == () and asked.month == 0)
    return "\n".join(faults)


moves = st.lists(
    st.builds(
        Move, st.integers(0, 239), st.sampled_from(["USA", "CHN", "ROW"]), st.sampled_from(["permit_time", "queue_time"]),
        st.floats(0.1, 4.0).map(lambda x: float(f"{x:.10g}")),
    ),
    max_size=8, unique_by=lambda m: m[:3],
)  # fmt: skip

share, month, lasts = st.floats(0.01, 1.0).map(lambda x: float(f"{x:.10g}")), st.integers(0, 239), st.integers(1, 400)
strikes = st.lists(
    st.one_of(
        st.tuples(month, st.sampled_from(["USA", "us-texas"]), st.just("plant_outage"), share, lasts, st.sampled_from(["", "gas_cc"])),
        st.tuples(
            month, st.sampled_from(["CHN", "TWN"]), st.just("trade_stop"), st.just(1.0), lasts, st.just(""),
            st.sampled_from(["all", "USA"]), st.sampled_from(["chips", "all"]), st.sampled_from(["in", "out", "both"]),
        ),
        st.tuples(month, st.sampled_from(["TSMC", "SMIC"]), st.just("fab_outage"), share, lasts),
    ).map(lambda parts: Strike(*parts)),
    max_size=5, unique=True,
)  # fmt: skip


@given(
    moves, strikes, st.integers(0, 2**63 - 1), st.integers(0, 240), st.sampled_from(TABS), st.sampled_from(sorted(catalog().variables)),
    st.sampled_from(["", *catalog().places]), st.sampled_from(["", *catalog().agents]), st.booleans(),
    st.lists(st.sampled_from(catalog().regions), min_size=1, unique=True),
)  # fmt: skip
def test_an_address_carries_the_whole_state(moves, strikes, seed, month, tab, variable, place, agent, past, regions):
    asked, _ = read_address("scenario=no-launches", SERVING)
    view = asked.view._replace(tab=tab, chart=variable, fill=variable, place=place, agent=agent, history=past, regions=tuple(regions))
    asked = asked._replace(seed=seed, month=month, moves=tuple(sorted((*moves, *strikes))), view=view)
    again, faults = read_address("?" + write_address(asked, month), SERVING)
    assert not faults
    assert again == asked


@given(st.sampled_from(sorted(REGIMES)), st.dictionaries(st.sampled_from(sorted(premises())), st.floats(0.05, 0.95), max_size=6))
def test_what_is_assumed_is_in_the_address_and_in_the_world_it_opens(regime, shares):
    offered = premises()
    among = lambda one, share: float(f"{one.low + share * (one.high - one.low):.10g}")  # noqa: E731
    numbers = {name: among(offered[name], share) for name, share in shares.items()}
    query = "&".join(["scenario=baseline", f"regime={regime}", *(f"assume={name}~{value:.10g}" for name, value in numbers.items())])
    asked, faults = read_address(query, SERVING)
    assert not faults
    assert asked.settings.regime == regime
    assert {name: asked.settings.world[name] for name in numbers if numbers[name] != offered[name].value} == dict(asked.premises)
    again, faults = read_address(write_address(asked, 0), SERVING)
    assert not faults
    assert again == asked


def test_a_usual_number_is_no_assumption():
    one = next(iter(premises().values()))
    asked, faults = read_address(f"assume={one.name}~{one.value:.10g}", SERVING)
    assert not faults
    assert asked.premises == ()
    assert asked.settings == read_address("", SERVING)[0].settings


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("scenario=/etc/passwd", "is not served"),
        ("scenario=../secret.toml", "is not served"),
        ("scenario=basline", "did you mean baseline?"),
        ("regime=gold", "regime is 'gold'; allowed: firm-watt, fiat"),
        ("regime=fia", "did you mean fiat or firm-watt?"),
        ("assume=ai.price_elasticity", "allowed: NAME~NUMBER"),
        ("assume=ai.price_elasticity~nan", "allowed: NAME~NUMBER"),
        ("assume=ai.price_elasticity~1e400", "allowed: "),
        ("assume=ai.price_elasticity~-5", "assume ai.price_elasticity is -5; allowed: "),
        ("assume=ai.price_elastic~1", "did you mean ai.price_elasticity or "),
        ("assume=money.short_hours~3", "assume names 'money.short_hours'"),
        ("assume=ai.price_elasticity~-2&assume=ai.price_elasticity~-1.2", "given twice; allowed: once"),
        ("assume=<script>~1", "assume names '<script>'"),
        ("assume=" + "&assume=".join(f"x{i}~1" for i in range(40)), "allowed: up to 25"),
        ("seed=-1", "allowed: a whole number"),
        ("seed=99999999999999999999", "allowed: a whole number"),
        ("seed=1e3", "allowed: a whole number"),
        ("month=2026-13", "allowed: 2026-01 to 2046-01"),
        ("month=2050-01", "allowed: 2026-01 to 2046-01"),
        ("tab=admin", "tab is 'admin'"),
        ("chart=__class__", "chart is '__class__'"),
        ("place=../etc", "place is"),
        ("agent=Nobody&Sons", "Sons"),
        ("agent=Nobody", "agent is 'Nobody'"),
        ("history=maybe", "history is 'maybe'"),
        ("regions=USA,Atlantis", "region 'Atlantis'"),
        ("lever=USA.permit_time.2027-01.5", "allowed: 0.1 to 4"),
        ("lever=USA.permit_time.2027-01.nan", "lever is"),
        ("lever=USA.permit_time.2027-01.1e999", "permit_time"),
        ("lever=Mars.permit_time.2027-01.1", "is not a known nation"),
        ("lever=USA.permit_tyme.2027-01.1", "did you mean permit_time?"),
        ("lever=USA.permit_time.2050-01.1", "allowed: 2026-01 to before"),
        ("lever=9**9**9", "allowed: NATION.LEVER.YYYY-MM.NUMBER"),
        ("shock=fab_outage", "allowed: KIND~WHERE~YYYY-MM~MONTHS"),
        ("shock=fab_outage~Mars~2028-01~12~0.9", "where is 'Mars'"),
        ("shock=fab_outage~TWN~2028-01~12~1.9", "share is"),
        ("shock=fab_outage~TWN~2028-01~12~nan", "share"),
        ("shock=fab_outage~TWN~2028-13~12~0.9", "on is '2028-13'"),
        ("shock=fab_outage~TWN~2050-01~12~0.9", "allowed: 2026-01 to before"),
        ("shock=fab_outage~TWN~2028-01~0~0.9", "at least 1 month"),
        ("shock=plant_outage~USA~2028-01~3~0.5~coal~x", "allowed: KIND"),
        ("shock=plague~USA~2028-01~3", "what is 'plague'"),
        ("&".join(f"shock=fab_outage~TWN~2028-01~{n}" for n in range(1, 103)), "has 102 shocks"),
        ("seed=1&seed=2", "given twice"),
        ("exec=1", "is not part of an address"),
        ("tab=%ff%fe", "cannot be read"),
        ("&".join(["lever=USA.permit_time.2027-01.1"] * 300), "allowed: up to"),
        ("chart=" + "x" * LONGEST, "characters"),
    ],
)
def test_what_is_wrong_in_an_address_is_told_and_nothing_of_it_is_used(query, told):
    assert told in faults_of(query)


@given(st.text(max_size=200))
def test_any_text_is_an_address_or_a_fault(text):
    faults_of(text)


def test_a_served_file_may_be_named_a_path_may_not(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('schema_version = 1\nname = "mine"\nextends = ["baseline"]\n', encoding="utf-8")
    asked, faults = read_address("scenario=mine", Serving({"mine": str(path)}))
    assert not faults
    assert asked.settings.name == "mine"
    assert read_address(f"scenario={path}", Serving({"mine": str(path)}))[1]
