"""Equal Earth: longitude and latitude to places in the frame of the map."""

from __future__ import annotations

import math

# Šavrič, Patterson, Jenny (2019), The Equal Earth map projection, int. j. of geographical information science 33 (3), eq. 5-9
A1, A2, A3, A4 = 1.340264, -0.081106, 0.000893, 0.003796
M = math.sqrt(3.0) / 2.0

WIDTH = 1000.0  # frame units; the drawing scales them to the container
CENTRE = 11.0  # degrees east: the seam then runs through the Bering Strait and cuts no country of size
NORTH, SOUTH = 84.0, -56.5  # degrees: the frame ends where no zone has load
SEAM = 180.0  # degrees from the centre


def raw(longitude: float, latitude: float) -> tuple[float, float]:
    """Return Equal Earth x, y (radii of the sphere) of degrees counted from the central meridian."""
    theta = math.asin(M * math.sin(math.radians(latitude)))
    square = theta * theta
    sixth = square**3
    across = math.radians(longitude) * math.cos(theta)
    x = across / (M * (9.0 * A4 * square * sixth + 7.0 * A3 * sixth + 3.0 * A2 * square + A1))
    y = theta * (A1 + A2 * square + sixth * (A3 + A4 * square))
    return x, y


SCALE = WIDTH / (2.0 * raw(SEAM, 0.0)[0])
TOP = raw(0.0, NORTH)[1]
HEIGHT = (TOP - raw(0.0, SOUTH)[1]) * SCALE


def from_centre(longitude: float) -> float:
    """Return degrees from the central meridian in (-180, 180]."""
    turned = (longitude - CENTRE) % 360.0
    return turned - 360.0 if turned > SEAM else turned


def place(turned: float, latitude: float) -> tuple[float, float]:
    """Return x, y in frame units (y down) of degrees from the central meridian and degrees north."""
    x, y = raw(turned, latitude)
    return WIDTH / 2.0 + x * SCALE, (TOP - y) * SCALE


def project(longitude: float, latitude: float) -> tuple[float, float]:
    """Return x, y in frame units (y down) of a place on Earth given in degrees."""
    return place(from_centre(longitude), latitude)
