"""A page of the components for the browser tests: `?show=name&theme=dark`, a button for the next frame, what was picked."""

from __future__ import annotations

import json
import math
import threading
import time
from urllib.parse import parse_qs

import solara
from wattrace.viz.live import components
from wattrace.viz.live.geometry import map_base
from wattrace.world.limiting import CAUSES
from wattrace.world.places import Places
from wattrace.world.tables import Tables

PLACES = Places(Tables.load(as_of="2026-01"))
BASE = map_base(PLACES)
MONTHS = [f"{2015 + i // 12}-{i % 12 + 1:02d}" for i in range(300)]
EVIL = "<img src=x onerror=\"document.title='owned'\"><b>bold</b>"
GROUNDS = {"light": "#ffffff", "dark": "#11171e"}


def lines(theme: str, k: int = 0, **more) -> str:
    start, now, out, bands = 132, 200, [], []
    for j, nation in enumerate(PLACES.nations[:5]):
        full = [round((5 - j) * math.exp(i / 90) * (1 + 0.1 * math.sin((i + k) / 9 + j)), 3) for i in range(300)]
        for style, a, b in (("history", 0, start + 1), ("live", start, now + 1), ("projection", now, 300)):
            values = [v if a <= i < b else None for i, v in enumerate(full)]
            out.append({"name": nation, "nation": nation, "style": style, "values": values})
        if j < 2:
            base = [round(0.85 * v, 3) if i >= start else None for i, v in enumerate(full)]
            out.append({"name": nation, "nation": nation, "style": "baseline", "values": base})
            low, high = ([f * v if i >= now else None for i, v in enumerate(full)] for f in (0.8, 1.3))
            bands.append({"name": nation, "nation": nation, "low": low, "high": high})
    data = {"title": "AI load that runs", "unit": "GW", "x": MONTHS, "now": now, "lines": out, "bands": bands, "theme": theme}
    return json.dumps({**data, "band_name": "10–90 % of worlds", "nations": PLACES.nations, **more})


def crowd(theme: str, k: int = 0) -> str:
    out = [{"name": n, "nation": n, "values": [10 + 0.01 * j * i for i in range(60)]} for j, n in enumerate(PLACES.nations)]
    return json.dumps({"title": "Crowded", "unit": "GW", "x": MONTHS[132:192], "now": 59, "lines": out, "theme": theme})


def many(theme: str) -> str:
    out = [{"name": f"company {j}", "values": [1 + j, 2 + 3 * j, 3 + 5 * j]} for j in range(40)]
    return json.dumps({"title": "Many", "unit": "GW", "x": MONTHS[:3], "now": 2, "lines": out, "theme": theme})


def six(k: int) -> str:
    values = [
        [round((6 - j) * math.exp(i / 90) * (1 + 0.1 * math.sin((i + k) / 9)), 3) for i in range(300)]
        for j in range(6)
    ]
    out = [{"name": f"N{j}", "values": line} for j, line in enumerate(values)]
    bands = [{"name": f"N{j}", "low": [0.8 * v for v in values[j]], "high": [1.2 * v for v in values[j]]} for j in (0, 1)]
    return json.dumps({"title": f"frame {k}", "unit": "GW", "x": MONTHS, "now": 299, "lines": out, "bands": bands})


def month(k: int = 0) -> str:
    zones = {
        zone: {"fill": 60 + 40 * math.sin(k + i), "powered": 1.5 * i, "stranded": 0.4 * (i % 3), "label": f"{1.5 * i:.1f}"}
        for i, zone in enumerate(PLACES.zones)
    }
    flows = [
        ["twn", "us-texas", 9, "chips"], ["twn", "us-east", 4, "chips"], ["cn-east", "eu27", 4, "robots"],
        ["us-texas", "orbit", 1, "launches"], ["us-east", "eu27", 2, "leased compute"],
    ]  # fmt: skip
    loads = [[a, b, (0.3, 0.7, 1.0)[i % 3]] for i, (a, b) in enumerate(json.loads(BASE)["lines"])]
    return json.dumps({"month": 13, "zones": zones, "flows": flows, "lines": loads, "orbit": {"powered": 0.4}, "moon": {"powered": 0}})


def looks(theme: str, **more) -> str:
    return json.dumps({"title": "Price of power", "unit": "USD/MWh", "scale": [20, 100], "theme": theme, "selected": "ind", **more})


def strip(theme: str, k: int = 0) -> str:
    rows = []
    for n, nation in enumerate(PLACES.nations):
        causes = [(n + i // 17) % len(CAUSES) for i in range(131)]
        waits = [[round(1.5 * (j == c) * bool(c) + 0.5 * (j == 1), 2) for j in range(len(CAUSES))] for c in causes]
        rows.append({"name": nation, "causes": causes, "waits": waits})
    return json.dumps({"title": "What binds", "rows": rows, "causes": CAUSES, "x": MONTHS[132:], "now": 130, "theme": theme})


def built(theme: str) -> str:
    waits = [0.0] * len(CAUSES)
    waits[:4] = [12.0, 3.0, 0.0, 0.04]
    row = {"name": "USA", "causes": [0, 0], "waits": [waits, waits]}
    return json.dumps({"title": "What binds", "rows": [row], "causes": CAUSES, "x": MONTHS[:2], "now": 0, "theme": theme})


def ahead(theme: str) -> str:
    known, part = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [1.0, 2.5, 4.0, None, None, None]
    out = [{"name": "USA", "nation": "USA", "style": s, "values": v} for s, v in (("baseline", known), ("projection", part))]
    return json.dumps({"title": "Ahead", "unit": "GW", "x": MONTHS[:6], "now": 0, "lines": out, "theme": theme})


def dusty(theme: str) -> str:
    rows = [["a", 3.6e-16, 2e-10], ["b", 5.0, 4e-10]]
    return json.dumps({"title": "Dust", "columns": ["who", "GW", "small"], "rows": rows, "theme": theme})


def dusty_month() -> str:
    first, second = PLACES.zones[:2]
    zones = {first: {"fill": 1.0, "powered": 20.0, "stranded": 0.0}, second: {"fill": 2.0, "powered": 0.5, "stranded": 3e-10}}
    return json.dumps({"month": 1, "zones": zones, "flows": [], "lines": [], "orbit": {}, "moon": {}})


def noted(theme: str) -> str:
    note = "A long footnote that no picture of this width can hold in one line. " * 4
    return json.dumps({"title": "Noted", "unit": "GW", "x": MONTHS[:2], "lines": [{"name": "A", "values": [1, 2]}], "note": note})


def sankey(theme: str, k: int = 0) -> str:
    nodes = ["households", "AI companies", "chip makers", "builders", "utilities"]
    links = [[0, 4, 30], [0, 1, 44], [1, 2, 38], [1, 4, 22], [2, 0, 14], [3, 0, 20], [4, 3, 18]]
    return json.dumps({"title": "Payments", "unit": "MUSD", "nodes": nodes, "links": links, "theme": theme})


def events(theme: str, k: int = 0) -> str:
    kinds = ["shock", "policy", "build", "bust"]
    rows = [
        {"month": i, "date": MONTHS[132 + i], "kind": kinds[i % 4], "region": PLACES.nations[i % 3], "agent": f"a{i}", "text": f"event {i}"}
        for i in range(90)
    ]
    rows[-1]["text"] = EVIL
    return json.dumps({"title": "Events", "rows": rows, "kinds": kinds, "theme": theme})


def evil_lines(theme: str) -> str:
    line = {"name": EVIL, "values": [1, 2, 3]}
    return json.dumps({"title": EVIL, "unit": EVIL, "x": MONTHS[:3], "lines": [line], "theme": theme, "note": EVIL})


@solara.component
def Fast(frames: int):
    data, set_data = solara.use_state(six(0))

    def play(cancelled: threading.Event) -> None:
        ready = [six(k) for k in range(30)]
        time.sleep(2.0)
        for k in range(frames):
            began = time.monotonic()
            if cancelled.is_set():
                return
            set_data(ready[k % 30])
            time.sleep(max(0.0, 1 / 40 - (time.monotonic() - began)))

    solara.use_thread(play, dependencies=[])
    components.LineChart(data)


@solara.component
def Page():
    query = parse_qs((solara.use_router().search or "").lstrip("?"))
    theme = query.get("theme", ["light"])[0]
    shown = query.get("show", ["line,map,strip,sankey,events,table"])[0].split(",")
    width = query.get("width", ["640"])[0]
    k, set_k = solara.use_state(0)
    picked, set_picked = solara.use_state("")
    make = {
        "line": lambda pick: components.LineChart(lines(theme, k), event_pick=pick),
        "log": lambda pick: components.LineChart(lines(theme, k, log=True, title="Log"), event_pick=pick),
        "crowd": lambda pick: components.LineChart(crowd(theme, k)),
        "many": lambda pick: components.LineChart(many(theme)),
        "map": lambda pick: components.WorldMap(month(k), BASE, looks(theme), event_pick=pick),
        "strip": lambda pick: components.Strip(strip(theme, k), event_pick=pick),
        "stripbuilt": lambda pick: components.Strip(built(theme)),
        "noted": lambda pick: components.LineChart(noted(theme)),
        "dustymap": lambda pick: components.WorldMap(dusty_month(), BASE, looks(theme)),
        "ahead": lambda pick: components.LineChart(ahead(theme)),
        "dusty": lambda pick: components.TableTwin(dusty(theme)),
        "sankey": lambda pick: components.Sankey(sankey(theme, k)),
        "events": lambda pick: components.Events(events(theme, k), event_pick=pick),
        "table": lambda pick: components.TableTwin(strip(theme, k)),
        "start": lambda pick: components.WorldMap('{"zones": {}}', BASE, looks(theme)),
        "evil": lambda pick: components.LineChart(evil_lines(theme)),
        "evilmap": lambda pick: components.WorldMap(month(), BASE, looks(theme, title=EVIL, unit=EVIL)),
        "wrongline": lambda pick: components.LineChart("{no json"),
        "wrongkind": lambda pick: components.LineChart('{"x": 3, "lines": []}'),
        "wronglow": lambda pick: components.LineChart(lines(theme, bands=[{"name": "USA", "low": [1], "high": 3}])),
        "wrongframe": lambda pick: components.WorldMap('{"zones": {}, "flows": [3]}', BASE),
        "wrongbase": lambda pick: components.WorldMap(month(), '{"zones": {}}'),
        "wronglook": lambda pick: components.WorldMap(month(), BASE, '{"layers": "all"}'),
        "nan": lambda pick: components.LineChart('{"x": ["2026-01", "2026-02"], "lines": [{"name": "A", "values": [NaN, 3]}]}'),
        "wrongmap": lambda pick: components.WorldMap("[]", BASE),
        "wrongstrip": lambda pick: components.Strip("{}"),
        "wrongsankey": lambda pick: components.Sankey('{"nodes": ["a"], "links": [["a", "nobody", 3]]}'),
        "wrongevents": lambda pick: components.Events("null"),
        "wrongtable": lambda pick: components.TableTwin("7"),
        "empty": lambda pick: components.LineChart(json.dumps({"title": "Empty", "x": [], "lines": []})),
        "fast": lambda pick: Fast(400),
    }
    with solara.Div(style={"background": GROUNDS.get(theme, "#fff"), "padding": "8px"}):
        with solara.Div(style={"max-width": f"{width}px"}):
            for name in shown:
                with solara.Div(classes=[f"show-{name}"]):
                    make[name](lambda event: set_picked(json.dumps(event)))
        solara.Button("next frame", on_click=lambda: set_k(k + 1))
        solara.Text(f"picked {picked}", classes=["picked"])
