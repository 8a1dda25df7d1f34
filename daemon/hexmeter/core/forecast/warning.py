"""Whether a probability is worth a warning, which depends on how long one could wait to know better."""

ALERT_AT_START, ALERT_AT_END = 0.75, 0.40
"""The probabilities from which an alert goes on at the period's two ends, and evenly between them: early on waiting
costs little and tells much, late there is no more waiting. The same false alarms so buy more true ones."""
ALERT_OFF = 0.20
"""Below, it goes off again: what stands is not taken back for a quiet day."""


def is_worth_a_warning(probability: float, elapsed: float, *, active: bool) -> bool:
    """Whether to alert at that probability, `elapsed` (0 to 1) of the period being over; `active`: one stands."""
    if active:
        return probability >= ALERT_OFF
    return probability >= ALERT_AT_START + (ALERT_AT_END - ALERT_AT_START) * elapsed
