"""The world in Mesa's own viewer: `solara run docs/examples/solara_viz.py` (needs altair; the product's page is `wattrace live`)."""

import solara
import wattrace
from matplotlib.figure import Figure
from mesa.visualization import Slider, SolaraViz
from mesa.visualization.utils import update_counter


class Seeded(wattrace.World):
    """A world whose arguments a viewer may change at Reset."""

    def __init__(self, seed=1, rng=None):
        super().__init__("baseline", seed=rng if rng is not None else seed)


@solara.component
def Race(model):
    """AI load that runs, two nations."""
    update_counter.get()
    figure = Figure(figsize=(6, 3.5), layout="constrained")
    axis = figure.subplots()
    for nation in model.places.nations[:2]:
        axis.plot(model.record.series("Compute|Powered", nation), label=nation)
    axis.set(xlabel="months", ylabel="GW")
    axis.legend()
    solara.FigureMatplotlib(figure)


model = Seeded(seed=1)
page = SolaraViz(model, components=[Race], model_params={"seed": Slider("Seed", 1, 1, 20, 1)}, name="Wattrace in Mesa's viewer")
