"""Figures for Prometheus: its text format on a loopback port, aggregates unless single people are asked for.

The format is a few lines of text; prometheus-client would take more memory than the rest of the daemon's libraries.
"""

import contextlib
import logging
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

from hexmeter import __version__
from hexmeter.core.age import too_old_at_ms
from hexmeter.core.credits import to_number
from hexmeter.core.meters import Meter, State
from hexmeter.core.outlook import Forecast
from hexmeter.core.runs import RUNS
from hexmeter.service.daemon import Daemon
from hexmeter.service.loopback import LoopbackServer
from hexmeter.wire.httpd import Answer, Request, Response

log = logging.getLogger(__name__)

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_MAX_CLIENTS = 8
_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


@dataclass(slots=True)
class Family:
    """One metric: its name with its unit, its type, what it says, and a value for each set of labels."""

    name: str
    help: str
    type: str = "gauge"
    samples: list[tuple[Mapping[str, str], float]] = field(default_factory=list)

    def add(self, value: float | None, **labels: str) -> None:
        """One more value; one that is not known has no sample, for it is not zero."""
        if value is not None:
            self.samples.append((labels, value))


def exposition(families: Iterable[Family]) -> str:
    """The families in Prometheus' text format, version 0.0.4; those without a sample are left out."""
    lines = []
    for family in families:
        if family.samples:
            lines += [f"# HELP {family.name} {_help(family.help)}", f"# TYPE {family.name} {family.type}"]
            lines += [f"{family.name}{_labels(labels)} {value!r}" for labels, value in family.samples]
    return "\n".join(lines) + "\n"


def families(daemon: Daemon, now_ms: int, *, per_user: bool) -> list[Family]:
    """All metrics of the daemon as of now."""
    meters = daemon.figures.meters(now_ms)
    return [*_health(daemon, now_ms), *_grants(meters), *_meters(meters, per_user), *_runs(meters), _alerts(daemon)]


@contextlib.asynccontextmanager
async def serving(daemon: Daemon) -> AsyncIterator[None]:
    """Serve /metrics inside the block where the configuration says so; a port that is taken is logged, and no more."""
    listen, server = daemon.config.metrics_listen, None
    if listen is not None:
        try:
            server = await LoopbackServer.open(
                lambda request: _answer(daemon, request), *listen, max_clients=_MAX_CLIENTS
            )
            daemon.documents.ports["metrics"] = server.port
            log.info("metrics on http://%s:%d/metrics", *listen)
        except OSError as error:
            log.error("no metrics: %s:%d cannot be used: %s; see [metrics] listen", *listen, error.strerror or error)
    try:
        yield
    finally:
        if server is not None:
            await server.close()


async def _answer(daemon: Daemon, request: Request) -> Answer:
    if not _is_here(request.headers.get("host", "")):
        # A page of somebody else's that found a name for this machine must not read it.
        return Response(403, b"only for this machine\n", "text/plain")
    if request.method not in ("GET", "HEAD") or request.path != "/metrics":
        return Response(404, b"GET /metrics\n", "text/plain")
    found = families(daemon, daemon.clock.now_ms(), per_user=daemon.config.metrics_per_user)
    return Response(200, exposition(found).encode("utf-8"), CONTENT_TYPE)


def _is_here(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False


def _health(daemon: Daemon, now_ms: int) -> list[Family]:
    progress = daemon.store.progress
    last, good_ms = progress.last_poll(), progress.good_at_ms()
    info = Family("hexmeter_build_info", "The version of Hexmeter, as a label.")
    info.add(1, version=__version__)
    stale = good_ms is None or now_ms >= too_old_at_ms(good_ms, daemon.config.poll.interval_ms)
    found: list[tuple[str, str, float | None]] = [
        ("hexmeter_last_poll_timestamp_seconds", "When Hex was last asked.", _seconds(last.at_ms if last else None)),
        ("hexmeter_last_good_poll_timestamp_seconds", "When that last went well.", _seconds(good_ms)),
        ("hexmeter_last_poll_success", "Whether the last poll went well.", float(last.ok) if last else None),
        ("hexmeter_stale", "Whether there was no good poll for three intervals.", float(stale)),
    ]
    gauges = []
    for name, text, value in found:
        gauges.append(Family(name, text))
        gauges[-1].add(value)
    requests = Family("hexmeter_hex_requests_total", "Requests sent to Hex.", "counter")
    requests.add(float(progress.requests_ever()))
    return [info, *gauges, requests]


def _grants(meters: Iterable[Meter]) -> list[Family]:
    """Everybody's grants together: how many are in which state, and what is used of those whose figures are known."""
    grants = [meter for meter in meters if meter.kind == "grant"]
    states = Counter(meter.state for meter in grants)
    count = Family("hexmeter_grants", "Grants watched, by how near they are to their end.")
    for state in State if grants else ():
        count.add(float(states[state]), state=state.value)
    known = [meter for meter in grants if meter.used_micro is not None and meter.limit_micro is not None]
    used = Family("hexmeter_grants_used_credits", "Credits used in this period, of all grants together.")
    limit = Family("hexmeter_grants_limit_credits", "Credits of all grants together.")
    left = Family("hexmeter_grants_remaining_credits", "Credits left of all grants together.")
    if known:
        used.add(to_number(sum(meter.used_micro or 0 for meter in known)))
        limit.add(to_number(sum(meter.limit_micro or 0 for meter in known)))
        left.add(to_number(sum(meter.remaining_micro or 0 for meter in known)))
    return [count, used, limit, left]


def _meters(meters: Iterable[Meter], per_user: bool) -> list[Family]:
    """The workspace's meters one by one; single people's only where they are asked for."""
    names = {
        "used": Family("hexmeter_meter_used_credits", "Credits used."),
        "limit": Family("hexmeter_meter_limit_credits", "Credits there are."),
        "left": Family("hexmeter_meter_remaining_credits", "Credits left."),
        "expected": Family("hexmeter_meter_forecast_credits", "Credits expected to be used at the period's end."),
        "probability": Family("hexmeter_meter_exhaustion_probability", "How likely it ends before, from 0 to 1."),
    }
    for meter in meters:
        if meter.kind == RUNS or (_is_personal(meter) and not per_user):
            continue
        labels = {"meter": meter.id, "kind": meter.kind, "bound": meter.bound.value}
        forecast = meter.outlook if isinstance(meter.outlook, Forecast) else None
        names["used"].add(_credits(meter.used_micro), **labels)
        names["limit"].add(_credits(meter.limit_micro), **labels)
        names["left"].add(_credits(meter.remaining_micro), **labels)
        names["expected"].add(_credits(forecast.expected_micro) if forecast else None, **labels)
        names["probability"].add(forecast.probability if forecast else None, **labels)
    return list(names.values())


def _is_personal(meter: Meter) -> bool:
    return meter.kind == "grant" or (meter.kind == "allocation" and not meter.id.startswith("allocation:group:"))


def _runs(meters: Iterable[Meter]) -> list[Family]:
    seen = Family("hexmeter_runs", "Project runs in the last 7 days, as seen by the API; there may be more.")
    budget = Family("hexmeter_runs_budget", "Project runs in 7 days that are in the budget.")
    for meter in meters:
        if meter.kind == RUNS:
            seen.add(_credits(meter.used_micro))
            budget.add(_credits(meter.limit_micro))
    return [seen, budget]


def _alerts(daemon: Daemon) -> Family:
    standing: dict[str, float] = defaultdict(float, dict.fromkeys(("info", "warning", "critical"), 0.0))
    for alert in daemon.store.outbox.standing():
        standing[alert.severity] += 1
    family = Family("hexmeter_alerts", "Alerts that stand, by severity.")
    for severity, count in standing.items():
        family.add(count, severity=severity)
    return family


def _credits(micro: int | None) -> float | None:
    return None if micro is None else to_number(micro)


def _seconds(at_ms: int | None) -> float | None:
    return None if at_ms is None else at_ms / 1000


def _help(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n")


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{value.translate(_ESCAPES)}"' for name, value in labels.items()) + "}"
