"""The table of configuration keys: for each its place, its check, its default, and what it means."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hexmeter.config.channels import channels, channels_by_email
from hexmeter.config.checks import (
    choice,
    clock_time,
    credit_amount,
    credit_amounts,
    credits_by_email,
    currency,
    duration,
    flag,
    hex_url,
    keyring_entry,
    loopback_port,
    moment,
    names,
    percent,
    percents,
    price,
    quiet_hours,
    switch,
    text,
    token_command,
    token_path,
    top_up,
    watched,
    whole,
    zone,
)
from hexmeter.core.backends import AUTO, NOTIFY_BACKENDS, TRAY_BACKENDS
from hexmeter.core.grants import EDITOR_GRANT_MICRO
from hexmeter.core.reportplan import WEEKDAYS


@dataclass(frozen=True, slots=True)
class Key:
    """One key: `check` turns a TOML value into ours or raises NotAllowed; `default` is a TOML value, None for none.

    A `secret` key's value, such as an address with a password in it, is shown by its scheme alone.
    """

    table: str
    name: str
    check: Callable[[Any], Any]
    default: Any
    help: str
    secret: bool = False

    @property
    def place(self) -> str:
        """The key as errors name it: `poll.every`."""
        return f"{self.table}.{self.name}"


KEYS: tuple[Key, ...] = (
    Key("hex", "base_url", hex_url, "https://app.hex.tech/api/v1", "Hex's API; another host for EU and single tenants"),
    Key("hex", "token_file", token_path, None, "file with the token, readable by you alone; HEX_TOKEN comes first"),
    Key(
        "hex", "token_command", token_command, None, "command that prints the token, run without a shell, such as pass"
    ),
    Key("hex", "keyring", keyring_entry, None, "true, or an entry's name: the token is in the system's keyring"),
    Key("plan", "tier", choice(*EDITOR_GRANT_MICRO), None, "the workspace's tier, which sets the seats' grants"),
    Key("plan", "reset_day", whole(1, 31), 1, "day of the month on which grants come back"),
    Key("plan", "timezone", zone, None, "time zone of the reset; default: this machine's"),
    Key("plan", "grant", credit_amount, None, "monthly credits of every seat, in place of the tier's"),
    Key("plan", "grants", credits_by_email, {}, "monthly credits of single people"),
    Key("watch", "users", watched, None, "whose credits: me, everyone or emails; default: as the token allows"),
    Key("poll", "every", duration("5s"), "5m", "time between two polls"),
    Key("poll", "requests_per_minute", whole(1, 100_000), 15, "at most so many requests in any minute"),
    Key("poll", "requests_per_hour", whole(1, 10_000_000), 900, "at most so many requests in any hour"),
    Key("poll", "window", duration("1d"), "62d", "threads up to this age are looked at again and again"),
    Key("poll", "history", duration("1d"), "190d", "how far back the first run goes"),
    Key("alerts", "used", percents, [80], "warn when so many per cent of a limit are used"),
    Key("alerts", "left", credit_amounts, [], "warn when no more than so many credits are left"),
    Key("alerts", "forecast", flag, True, "warn when a limit will not last until its reset"),
    Key("alerts", "exhausted", flag, True, "warn when a limit is reached"),
    Key("alerts", "blind", flag, True, "warn when Hex cannot be read for three intervals, or refuses the token"),
    Key("alerts", "token", flag, True, "warn seven days and one day before the token expires"),
    Key("alerts", "burn", flag, False, "tell of a day far above a person's usual"),
    Key("alerts", "prompt", flag, False, "tell of a prompt that is dear by a person's own history"),
    Key("alerts", "prompt_cost", credit_amount, None, "tell of a prompt that costs so many credits"),
    Key("alerts", "reset", flag, False, "tell when a grant is back"),
    Key(
        "alerts",
        "unused",
        switch(percent, 50, "true (50), false, or a per cent above 0 and up to 100"),
        False,
        "tell three days before the reset when so many per cent of a grant would lapse",
    ),
    Key(
        "alerts",
        "top_up",
        switch(whole(1, 100), 2, "true (2), false, or a whole number from 1 to 100"),
        False,
        "tell when the pool was topped up so many times in a period",
    ),
    Key(
        "alerts",
        "runs",
        switch(percents, [80, 100], "true ([80, 100]), false, or a list of per cents"),
        False,
        "warn when so many per cent of the weekly runs are used",
    ),
    Key("alerts", "quiet_hours", quiet_hours, None, "hours of the day in which nothing is told, such as 22:00-07:30"),
    Key("alerts", "quiet_critical", flag, False, "let critical warnings through quiet hours"),
    Key("report", "every", choice("week", "month"), None, "send a report of each week or month, once it is over"),
    Key("report", "day", choice(*WEEKDAYS), None, "weekday on which it is sent; default: the day the period is over"),
    Key("report", "at", clock_time, "09:00", "time of day from which on it is sent, in the plan's time zone"),
    Key("report", "to", names, [], "channels by their names or how these begin; default: urls, else the desktop"),
    Key("pool", "balance", credit_amount, None, "add-on credits of the workspace that Hex showed as left, at as_of"),
    Key("pool", "as_of", moment, None, "when the balance was read: a day (its first instant) or an instant"),
    Key("pool", "monthly_spend_limit", credit_amount, None, "monthly cap on credits drawn from the pool"),
    Key("pool", "top_up", top_up, None, "automatic top-up: below so many credits, so many are bought"),
    Key("notify", "desktop", flag, True, "deliver warnings on the desktop, through the tray"),
    Key("notify", "urls", channels, [], "deliver warnings there too: https:// (a webhook) or Apprise's", secret=True),
    Key("notify", "users", channels_by_email, {}, "tell people there of their own meters", secret=True),
    Key("notify", "webhook_secret_file", text, None, "file with the key that signs webhooks, yours alone"),
    Key("notify", "backend", choice(*NOTIFY_BACKENDS), AUTO, "how the tray shows warnings; auto: as the desktop can"),
    Key("tray", "backend", choice(*TRAY_BACKENDS), AUTO, "how the tray shows its icon; auto: as the desktop can"),
    Key("api", "socket", text, None, "path of the local API's socket"),
    Key("budgets", "runs_per_week", whole(1, 1_000_000), None, "project runs in seven days that are in order"),
    Key("metrics", "listen", loopback_port, None, "loopback address and port that serve Prometheus' format"),
    Key("metrics", "per_user", flag, False, "series of single people too, not of everybody together alone"),
    Key("dashboard", "enabled", flag, False, "serve the dashboard from the start, not only when it is asked for"),
    Key("dashboard", "port", whole(1024, 65535), None, "the dashboard's port on 127.0.0.1; default: any that is free"),
    Key("prices", "seat", price, None, "what a paid seat costs a month, in the currency"),
    Key("prices", "currency", currency, "USD", "the currency of prices"),
    Key("api", "group", text, None, "group whose members may use the local API too; needs a socket of its own"),
    Key("storage", "path", text, None, "path of the database"),
    Key("storage", "keep_days", whole(62, 36_500), None, "older than so many days: a row per thread and day"),
    Key("storage", "backups", whole(0, 100), 2, "so many daily backups beside the database; 0: none"),
)

FREE_TABLES = frozenset({"allocations"})
"""Tables whose keys are the user's own words: emails, groups."""
