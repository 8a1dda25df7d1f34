"""The remainder of a period as a gamma variable: its quantiles and the chance that it reaches a need."""

from dataclasses import dataclass
from math import cbrt, erfc, sqrt
from statistics import NormalDist

deviate_below = NormalDist().inv_cdf
"""The standard normal deviate with a share, between 0 and 1, below it."""


@dataclass(frozen=True, slots=True)
class Spread:
    """A gamma variable by its mean and variance; its cube root is nearly normal (Wilson and Hilferty)."""

    mean: float
    variance: float

    def quantile(self, deviate: float) -> float:
        """The value below which it stays with the probability of the standard normal `deviate`."""
        if self.mean <= 0:
            return 0.0
        curve = self.variance / (9 * self.mean * self.mean)
        return self.mean * max(0.0, 1 - curve + deviate * sqrt(curve)) ** 3

    def deviate(self, value: float) -> float:
        """The standard normal deviate at which `value` is the quantile."""
        curve = self.variance / (9 * self.mean * self.mean)
        return (cbrt(value / self.mean) - 1 + curve) / sqrt(curve)


def chance_above(deviate: float) -> float:
    """The probability that a standard normal variable exceeds `deviate`."""
    return 0.5 * erfc(deviate / sqrt(2))
