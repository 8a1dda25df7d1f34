"""Documents of the dashboard for tests: November 2026 in Berlin, the 22nd at noon."""

from datetime import date, timedelta
from typing import Any

from builders import NOVEMBER, NOW_MS
from hexmeter.core.instants import DAY_MS, to_iso


def meter(used: float | None = 12.5, limit: float | None = 40.0, **fields: Any) -> dict[str, Any]:
    """Ed's grant: half of what was used came on the first day, the rest until now."""
    known = used is not None and limit is not None
    return {
        "id": "grant:ed@acme.test",
        "kind": "grant",
        "label": "ed@acme.test",
        "limit": limit,
        "used": used,
        "remaining": max(0.0, limit - used) if limit is not None and used is not None else None,
        "state": "ok" if known else "unknown",
        "bound": "exact",
        "adjustment": 0.0,
        "period": {"start": to_iso(NOVEMBER.start_ms), "end": to_iso(NOVEMBER.end_ms)},
        "burn": {"per_prompt": 1.5, "prompts": 8, "median": 1.2, "p90": 3.4, "per_day": 0.6, "pace": 17.0},
        "forecast": {"expected_total": 20.0, "low": 15.0, "high": 30.0, "exhaust_at": None, "probability": 0.01},
        "record": None,
        "prompts_left": {"typical": 22, "heavy": 8, "known": 31},
        "note": None,
        "course": course(used) if used is not None else None,
        "days": [0.0] * 28 + [used / 2, used / 2] if used is not None else None,
        **fields,
    }


def course(used: float) -> dict[str, Any]:
    """A course over November: nothing, half of `used` after a day, all of it now."""
    start_ms = NOVEMBER.start_ms
    points = [[to_iso(start_ms), 0.0], [to_iso(start_ms + DAY_MS), used / 2], [to_iso(NOW_MS), used]]
    return {"start": to_iso(start_ms), "end": to_iso(NOVEMBER.end_ms), "points": points, "past": []}


def document(*meters: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A dashboard of `meters`."""
    return {
        "now": to_iso(NOW_MS),
        "as_of": to_iso(NOW_MS),
        "stale": False,
        "progress": None,
        "last_poll": {"at": to_iso(NOW_MS), "ok": True, "error": None, "requests": 2},
        "identity": {"email": "ed@acme.test", "role": "EDITOR", "org": "o1"},
        "meters": list(meters),
        "today": None,
        "notes": [],
        "links": {"hex": "https://app.hex.tech"},
        "timezone": "Europe/Berlin",
        "interval_s": 300.0,
        "paused_until": None,
        "version": "0.1.0",
        "days": days(),
        "prompts": {"since": to_iso(NOW_MS - 30 * DAY_MS), "prompts": 0, "edges": [1, 2], "counts": [0, 0, 0]}
        | {"dearest": []},
        "threads": {"since": to_iso(NOW_MS - 7 * DAY_MS), "rows": []},
        "alerts": [],
        "standing": 0,
        "polling": {
            "minute": {"sent": 2, "most": 15, "configured": 15},
            "hour": {"sent": 24, "most": 900},
            "held_until": None,
        },
        **fields,
    }


def days(*amounts: float, bound: str = "exact", **series: list[float]) -> dict[str, Any]:
    """The days up to the 22nd, on which so much was used; `series` are models."""
    last = date(2026, 11, 22)
    rows = [
        {"day": (last - timedelta(days=back)).isoformat(), "credits": amount, "bound": bound}
        for back, amount in zip(range(len(amounts) - 1, -1, -1), amounts, strict=True)
    ]
    models = [{"name": name, "credits": credits} for name, credits in series.items()]
    return {"rows": rows, "by": {"model": models, "source": [], "user": []}}


def thread(credits: float = 3.0, **fields: Any) -> dict[str, Any]:
    """A thread of Ed's."""
    return {
        "thread": "t1",
        "title": "Count sign-ups",
        "url": "https://app.hex.tech/acme/thread/t1",
        "user": "ed@acme.test",
        "user_id": "u-ed",
        "model": "claude-sonnet-4-5",
        "source": "HEX",
        "type": "THREADS",
        "credits": credits,
        "bound": "exact",
        "at": to_iso(NOW_MS - DAY_MS),
        **fields,
    }


def alert(**fields: Any) -> dict[str, Any]:
    """An alert of Ed's grant that stands."""
    return {
        "id": 7,
        "kind": "used",
        "meter": "grant:ed@acme.test",
        "level": 80,
        "severity": "warning",
        "state": "firing",
        "fired_at": to_iso(NOW_MS - DAY_MS),
        "resolved_at": None,
        "snoozed_until": None,
        "muted": False,
        "title": "ed@acme.test: 80 % used",
        "body": "8 of 40 left.",
        "deliveries": [],
        "why": ["Sat 21 Nov 13:00: 32 of 40 used (80 %); used 80 % was told, for a higher rung was reached."],
        **fields,
    }
