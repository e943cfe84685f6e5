"""Measuring in turn, so that a slow moment of the machine slows all alike."""

import statistics
from dataclasses import dataclass, field


@dataclass
class Experiment:
    """Chains that are sent the same: `base` is what the others are compared with."""

    sides: dict
    """Each side's Envoy and the name of its chain there."""
    load: object
    base: str
    paths: list = field(default_factory=list)
    """Files of paths; each round takes the next."""
    samples: dict = field(default_factory=dict)
    """Microseconds of Envoy's processor time for one request, by side and round."""

    def check(self):
        for envoy, chain in self.sides.values():
            envoy.check(chain, self.load.path, self.load.body)

    def round(self, number):
        """Measures each side once, and another one first each time. The first round only warms up."""
        sides = list(self.sides)
        paths = self.paths[number % len(self.paths)] if self.paths else None
        for side in sides[number % len(sides) :] + sides[: number % len(sides)]:
            envoy, chain = self.sides[side]
            before = envoy.cpu()
            self.load.send(envoy.ports[chain], envoy.chains[chain].status, paths)
            spent = (envoy.cpu() - before) / self.load.requests * 1e6
            if number > 0:
                self.samples.setdefault(side, []).append(spent)

    def whole(self, side):
        """What a request costs."""
        return Figure.of(self.samples[side])

    def added(self, side, base=None):
        """What one filter, or one chain, adds to a request."""
        return Figure.of(self.differences(side, base))

    def differences(self, side, base=None):
        envoy, chain = self.sides[side]
        times = envoy.chains[chain].stacked
        pairs = zip(self.samples[side], self.samples[base or self.base])
        return [(sample - ground) / times for sample, ground in pairs]

    def ratio(self, side, other, base=None, other_base=None):
        """What one side adds against what another one adds in the same round."""
        pairs = zip(self.differences(side, base), self.differences(other, other_base))
        return Figure.of([mine / its for mine, its in pairs])

    def summary(self):
        """All figures, for machines."""
        return {side: {"whole": vars(self.whole(side)), "added": vars(self.added(side))} for side in self.samples}


@dataclass
class Figure:
    """A median and the quartiles around it."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, samples):
        if len(samples) < 2:
            return cls(samples[0], samples[0], samples[0])
        low, median, high = statistics.quantiles(samples, n=4, method="inclusive")
        return cls(median, low, high)

    def thousandth(self):
        """The same in a unit a thousand times as large."""
        return Figure(self.median / 1000, self.low / 1000, self.high / 1000)

    def __format__(self, spec):
        return f"{self.median:{spec}} [{self.low:{spec}} {self.high:{spec}}]"


def measure(experiments, rounds, say):
    """Takes all experiments through all rounds, each round through all of them."""
    for experiment in experiments:
        experiment.check()
    for number in range(rounds + 1):
        for experiment in experiments:
            experiment.round(number)
        say(f"round {number} of {rounds}")
