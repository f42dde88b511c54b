"""A watcher of one nation: when too many chips wait for power, it has permits speeded up."""

import mesa
import wattrace


class PermitWatcher(mesa.Agent):
    """Halves a nation's permit months once stranded chips exceed a share of those that run."""

    def __init__(self, world, nation, threshold=0.002):
        super().__init__(world)
        self.nation, self.threshold, self.acted_in = nation, threshold, None

    def decide(self):
        """Look at the last recorded month; act at most once."""
        world = self.model
        if world.month == 0 or self.acted_in:
            return
        stranded = world.record.series("Compute|Stranded", self.nation)[-1]
        powered = world.record.series("Compute|Powered", self.nation)[-1]
        if stranded > self.threshold * powered:
            world.set_lever("permit_time", self.nation, 0.5)
            world.tell("policy", self.nation, "Permit watcher", f"{stranded:.2f} GW wait; permits take half.")
            self.acted_in = world.date


def main(months=3):
    world = wattrace.World("baseline", seed=1)
    watcher = PermitWatcher(world, "USA")
    for _ in range(months):
        world.step()
    print(world.date, "acted in", watcher.acted_in)
    return watcher


if __name__ == "__main__":
    main()
