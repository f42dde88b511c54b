"""Robot factories: each month their lines make robots that replicate the lines, are sold, or work on sites."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..world.columns import Column, Columns
from ..world.orders import Payment
from ..world.tech import progress, robots
from .actor import Actor
from .rules import bottleneck


class RobotFactory(Actor):
    """A maker of humanoid robots."""

    kind = "robot"
    COLUMNS = {  # noqa: RUF012
        "line_capacity": Column("units/month"),
        "staff": Column("workers"),
        "own_robots": Column("units"),  # robots at work in its own lines
        "made": Column("units"),
        "sold": Column("units"),
        "for_sale": Column("units"),
        "unsold": Column("units"),
        "price_usd": Column("USD"),
        "usual_price_usd": Column("USD"),  # what makers expect to get: the price of late, smoothed
        "cost_usd": Column("USD"),
        "total_made": Column("units"),
        "revenue_musd": Column("MUSD"),
    }


def open_robot_factories(tables: Any, places: Any) -> Columns:
    return Columns(RobotFactory.COLUMNS, len(tables.labels("robot_makers")))


def costs(world: Any) -> list[Payment]:
    """Pay staff, parts and materials: the cost of every robot made, and of the lines that were added."""
    state, of = world.state, world.parties.of
    party = of["robot"]
    home = of["households"][world.parties.home[party]]
    robot = state.robot
    return [
        Payment("wages", party, home, robot.made * robot.cost_usd * 1e-6),
        Payment("capex", party, home, np.maximum(state.robot_line_capex_musd, 0.0)),
    ]


def make(world: Any) -> None:
    """Make a month's robots and split them: into the makers' own lines, onto building sites, or to the market."""
    state, statics, param, of = world.state, world.statics, world.tables.param, world.parties.of
    robot = state.robot
    home = world.parties.home[of["robot"]]
    dexterity = (robot.total_made.sum() / statics.robot_opening_total) ** param("robots.dexterity_exponent")
    intelligence = np.exp(param("robots.intelligence_per_decade") * (state.capability - statics.opening_capability))
    chips = ((state.chip_it_w_opening / state.chip_it_w).sum() / len(state.chip_it_w)) ** param("robots.chip_exponent")
    base = param("robots.labour_equivalence") / (param("robots.labour_equivalence_max") - param("robots.labour_equivalence"))
    state.robot_useful = robots.usefulness(base * intelligence, chips, dexterity, param("robots.labour_equivalence_max"))
    useful = state.robot_useful[home]
    per_unit = param("robots.workers_per_1000_units_year") * 12.0 / 1000.0
    # staff follows what the lines would need beside the robots that already work there; hiring takes time
    needed = np.maximum(robot.line_capacity * per_unit - robot.own_robots * useful, per_unit)
    if statics.growth:
        robot.staff = robots.hire(robot.staff, needed, param("robots.hiring_growth"))
    humans = robot.staff
    made, state.robot_binds = robots.robots_made(
        robot.line_capacity, per_unit, humans, robot.own_robots, useful,
        state.fab.made_h100e.sum() * param("robots.chip_share") / len(home), param("robots.h100e_onboard"),
    )  # fmt: skip
    robot.made = made
    hours = param("robots.hours_per_year") / param("robots.human_hours")
    worth = useful * statics.wage_usd[home] * hours * param("robots.worth_years")
    # a robot in the line is worth a wage as far as staff and robots do not fill the lines
    filled = (humans + robot.own_robots * useful) / (robot.line_capacity * per_unit)
    in_line = worth * bottleneck.throttle(filled, 1.0, param("robots.fill_sharpness")) * param("robots.line_worth")
    jobs = state.labour_load * state.workers_total
    on_site = worth * robots.work_left(state.site_robots, jobs)[home]
    pays = np.empty((len(home), 3))
    pays[:, 0], pays[:, 1], pays[:, 2] = in_line, robot.usual_price_usd, on_site
    pays = np.log(np.maximum(pays, np.finfo(float).tiny))
    shares = robots.split(pays, param("robots.split_scale"))
    wear = np.exp(-1.0 / (12.0 * param("robots.life_years")))
    robot.own_robots = robot.own_robots * wear + made * shares[:, 0]
    state.site_fleet = state.site_fleet * wear + np.bincount(home, made * shares[:, 2], len(statics.wage_usd))
    state.site_robots = state.site_fleet * state.robot_useful * hours
    robot.for_sale = made * shares[:, 1] + robot.unsold
    robot.usual_price_usd += (robot.price_usd - robot.usual_price_usd) / param("robots.price_memory_months")
    before = robot.total_made.sum()
    robot.total_made += made
    # materials and bought parts do not learn
    floor = param("robots.price_floor_usd")
    above = np.maximum(robot.cost_usd - floor, 0.0)
    robot.cost_usd += progress.wright(above, before, robot.total_made.sum(), param("robots.learning_rate")) - above
    lines = robot.line_capacity
    grown = robots.grow_lines(
        lines, robot.price_usd / robot.cost_usd / param("robots.wanted_markup")
        * np.where(robot.unsold > made, param("robots.glut_discount"), 1.0),
        param("robots.line_speed"), np.log(param("robots.ramp_limit")),
    )  # fmt: skip
    if statics.growth:
        robot.line_capacity = grown
        state.robot_line_capex_musd = np.maximum(grown - lines, 0.0) * 12.0 * param("robots.capex_per_unit_year_usd") * 1e-6
    state.bought_musd[of["robot"], 3] += state.robot_line_capex_musd


def raise_equity(world: Any) -> list[Payment]:
    """Owners pay for new lines and for the robots that a maker keeps for itself or has not sold yet."""
    state, of = world.state, world.parties.of
    party = of["robot"]
    robot = state.robot
    kept = np.maximum(robot.made - robot.sold, 0.0) * robot.cost_usd * 1e-6
    home = of["households"][world.parties.home[party]]
    return [Payment("equity", home, party, kept + state.robot_line_capex_musd)]
