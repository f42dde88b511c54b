"""Training against serving: shares move toward the mix that pays."""

from __future__ import annotations


def adjust_share(share, price_growth, target, response, speed):
    """Return next month's share of compute that serves: toward `target`, more while the price of compute rises (1/yr)."""
    goal = target + (1.0 - target) * target * response * price_growth / (1.0 + abs(price_growth))
    return share + (goal - share) * speed
