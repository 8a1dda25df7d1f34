"""The remainder of a period as a gamma variable: its quantiles and the chance that it exceeds a need."""

from dataclasses import dataclass
from math import cbrt, erfc, isfinite, sqrt

TENTH = 1.2815515655446004
"""The normal deviate with 10 % above it."""


@dataclass(frozen=True, slots=True)
class Spread:
    """A gamma variable by its mean and variance, handled through Wilson and Hilferty's cube root."""

    mean: float
    variance: float

    @property
    def _curve(self) -> float:
        return min(self.variance / (9 * self.mean * self.mean), 1e6)

    def quantile(self, deviate: float) -> float:
        """The value below which it stays with the probability of the standard normal `deviate`."""
        if self.mean <= 0:
            return 0.0
        curve = self._curve
        return self.mean * max(0.0, 1 - curve + deviate * sqrt(curve)) ** 3

    def above(self, need: float) -> float:
        """The probability that it reaches `need`."""
        if need <= 0:
            return 1.0
        if self.mean <= 0:
            return 0.0
        curve = self._curve
        if curve <= 0 or not isfinite(need / self.mean):
            return float(self.mean >= need)
        return 0.5 * erfc((cbrt(need / self.mean) - 1 + curve) / sqrt(2 * curve))
