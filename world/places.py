"""Where things are: nations, zones, technologies, and the network between them."""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise

import networkx as nx
import numpy as np

from .tables import TableError, Tables


def _check_order(nations: list[str], of_zones: list[str]) -> None:
    """Demand that every nation has zones, side by side and in the order of the nations: sums by nation rely on it."""
    faults = [f"zones.csv: {nation} has no zone; allowed: at least one for every row of nations.csv" for nation in nations
              if nation not in of_zones]  # fmt: skip
    order = [a for a, b in pairwise([*of_zones, ""]) if a != b]
    if not faults and order != nations:
        faults.append(
            f"zones.csv: the zones stand in the order {', '.join(order)}; allowed: side by side, in the order of nations.csv "
            f"({', '.join(nations)}); sort the rows"
        )
    if faults:
        raise TableError(faults)


class Places:
    """Labels and index arrays of nations N, zones Z, technologies K and the lines between zones L."""

    def __init__(self, tables: Tables):
        zones = tables["zones"]
        self.tables = tables
        self.nations = tables.labels("nations")
        self.nation_names = list(tables["nations"]["name"])
        self.zones = list(zones["zone"])
        self.zone_names = list(zones["name"])
        self.technologies = tables.labels("technologies")
        kinds = tables["technologies"]["kind"]
        self.technology_kind = list(kinds)
        self.is_store = np.array([kind == "storage" for kind in kinds])
        self.technology_names = tuple(str(name) for name in tables["technologies"]["name"])
        self.fuel = list(tables["technologies"]["fuel"])
        number = {nation: i for i, nation in enumerate(self.nations)}
        self.zone_nation = np.array([number[n] for n in zones["nation"]], dtype=np.int64)
        self.zones_of = [np.flatnonzero(self.zone_nation == n) for n in range(len(self.nations))]
        _check_order(self.nations, list(zones["nation"]))
        # first zone of every nation
        self.first_zone = np.array([zones[0] for zones in self.zones_of], dtype=np.int64)
        spot = {zone: i for i, zone in enumerate(self.zones)}
        links = tables["links"]
        pairs = list(dict.fromkeys(zip(links["from_zone"], links["to_zone"], strict=True)))
        circles = [f"links.csv: a line from {a} to itself; allowed: lines between two zones" for a, b in pairs if a == b]
        if circles:
            raise TableError(circles)
        value = {key: float(links["value"][row]) for key, row in links.newest().items()}
        self.line_from = np.array([spot[a] for a, _ in pairs], dtype=np.int64)
        self.line_to = np.array([spot[b] for _, b in pairs], dtype=np.int64)
        self.line_forward_gw = np.array([value.get((a, b, "capacity_gw"), 0.0) for a, b in pairs])
        self.line_reverse_gw = np.array([value.get((a, b, "reverse_gw"), 0.0) for a, b in pairs])
        self.line_loss = np.array([value.get((a, b, "loss"), 0.0) for a, b in pairs])

    def kind_is(self, *kinds: str) -> np.ndarray:
        """Return the indices of technologies of the given kinds."""
        return np.array([i for i, kind in enumerate(self.technology_kind) if kind in kinds], dtype=np.int64)

    def nation(self, label: str) -> int:
        """Return the index of a nation. Raises KeyError that lists what is allowed."""
        try:
            return self.nations.index(label)
        except ValueError:
            raise KeyError(f"nation is {label!r}; allowed: {', '.join(self.nations)}") from None

    @cached_property
    def graph(self) -> nx.MultiDiGraph:
        """The network: a node per zone plus orbit, typed edges `transmission` (GW, loss) and `launch`."""
        graph: nx.MultiDiGraph = nx.MultiDiGraph()
        table = self.tables["zones"]
        for i, zone in enumerate(self.zones):
            graph.add_node(
                zone, kind="grid", nation=self.nations[self.zone_nation[i]], name=self.zone_names[i],
                latitude=float(table["latitude"][i]), longitude=float(table["longitude"][i]),
            )  # fmt: skip
        for place in ("orbit", "moon"):
            graph.add_node(place, kind=place, nation="", name=place)
        for k in range(len(self.line_from)):
            a, b = self.zones[self.line_from[k]], self.zones[self.line_to[k]]
            loss = float(self.line_loss[k])
            graph.add_edge(a, b, kind="transmission", gw=float(self.line_forward_gw[k]), loss=loss)
            graph.add_edge(b, a, kind="transmission", gw=float(self.line_reverse_gw[k]), loss=loss)
        for zone in self.zones:
            graph.add_edge(zone, "orbit", kind="launch")
        return graph
