"""The texts of the service files: systemd units for a user and for a machine, and launchd agents."""

import plistlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MARK = "# Written by `hexmeter service install`"
SYSTEM_CONFIG = Path("/etc/hexmeter/config.toml")
SYSTEM_TOKEN = Path("/etc/hexmeter/token")
SYSTEM_SOCKET = "/run/hexmeter/api.sock"
WATCHDOG_S = 180
_KNOWS_BACKOFF = 254
"""The version of systemd that first waits longer after each failure."""


@dataclass(frozen=True, slots=True)
class Service:
    """What a unit is made for: the command that runs the daemon, which systemd reads it, and what it may need.

    `starts_programs`: the token comes from a command, which may be of a kind that makes its code as it runs.
    `group`: who else may use the local API of a system service.
    """

    command: Sequence[str]
    systemd: int = 252
    starts_programs: bool = False
    group: str | None = None


def user_unit(service: Service) -> str:
    """The unit for a user's own manager. What only works with namespaces is not claimed: there it would be ignored."""
    hardening = [*_HARDENED, *([] if service.starts_programs else _NO_NEW_CODE)]
    return _unit(service, "Description=Hexmeter, which watches your Hex credits", [], hardening, "default.target")


def system_unit(service: Service) -> str:
    """The unit for the machine: a user made for it, that owns nothing but its state and its socket."""
    own = [
        "DynamicUser=yes",
        *([f"Group={service.group}"] if service.group else []),
        f"LoadCredential=hex-token:{SYSTEM_TOKEN}",
        "Environment=XDG_DATA_HOME=/var/lib",
        "StateDirectory=hexmeter",
        "StateDirectoryMode=0700",
        "RuntimeDirectory=hexmeter",
        f"RuntimeDirectoryMode={'0750' if service.group else '0700'}",
    ]
    # Among users of its own a service sees no others, and could not tell who of the group asks.
    alone = [] if service.group else ["PrivateUsers=yes"]
    hardening = [*_HARDENED, *_NO_NEW_CODE, *_SYSTEM_HARDENED, *alone]
    head = "Description=Hexmeter, which watches Hex credits\nAfter=network-online.target\nWants=network-online.target"
    return _unit(service, head, own, hardening, "multi-user.target")


_HARDENED = (
    "NoNewPrivileges=yes",
    "LockPersonality=yes",
    "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",
    "RestrictNamespaces=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "SystemCallArchitectures=native",
    "SystemCallFilter=@system-service",
    "SystemCallErrorNumber=EPERM",
    "UMask=0077",
)
_NO_NEW_CODE = ("MemoryDenyWriteExecute=yes",)
_SYSTEM_HARDENED = (
    "SystemCallFilter=~@privileged @resources",
    "CapabilityBoundingSet=",
    "AmbientCapabilities=",
    "KeyringMode=private",
    "PrivateDevices=yes",
    "PrivateMounts=yes",
    "PrivateTmp=yes",
    "ProcSubset=pid",
    "ProtectClock=yes",
    "ProtectControlGroups=yes",
    "ProtectHome=yes",
    "ProtectHostname=yes",
    "ProtectKernelLogs=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelTunables=yes",
    "ProtectProc=invisible",
    "ProtectSystem=strict",
    "RemoveIPC=yes",
)


def _unit(service: Service, head: str, own: Sequence[str], hardening: Sequence[str], wanted_by: str) -> str:
    backoff = ["RestartSteps=6", "RestartMaxDelaySec=10min"] if service.systemd >= _KNOWS_BACKOFF else []
    return "\n".join(
        (
            f"{MARK}, which writes it anew; put changes into a drop-in.",
            "[Unit]",
            head,
            # It is tried for ever: what fails is the network, or Hex.
            "StartLimitIntervalSec=0",
            "",
            "[Service]",
            "Type=notify",
            "NotifyAccess=main",
            f"ExecStart={_command(service.command)} daemon",
            "ExecReload=/bin/kill -HUP $MAINPID",
            "Restart=on-failure",
            "RestartSec=10",
            *backoff,
            "# 2: the configuration or the token must be mended first; 4: another one runs.",
            "RestartPreventExitStatus=2 4",
            f"WatchdogSec={WATCHDOG_S}",
            "TimeoutStopSec=30",
            *own,
            *hardening,
            "",
            "[Install]",
            f"WantedBy={wanted_by}",
            "",
        )
    )


def _command(words: Sequence[str]) -> str:
    # In the program's own path a dollar is nothing but itself.
    return " ".join((_word(words[0]).replace("$$", "$"), *map(_word, words[1:])))


def _word(word: str) -> str:
    """A word of ExecStart; systemd has its own use for per cent, dollar and quotes."""
    escaped = word.replace("\\", "\\\\").replace("%", "%%").replace("$", "$$").replace('"', '\\"')
    return escaped if re.fullmatch(r"[\w@%+=:,./-]+", word) else f'"{escaped}"'


def launchd_agents(daemon: Sequence[str], tray: Sequence[str], home: Path) -> Iterator[tuple[Path, bytes]]:
    """The two agents of macOS and where they go. Not tried there: launchd has no word for exit codes, so it restarts
    the daemon after each failure, every ten minutes."""
    logs = str(home / "Library" / "Logs" / "hexmeter.log")
    common: dict[str, Any] = {"RunAtLoad": True, "StandardErrorPath": logs, "Umask": 0o077}
    agents: dict[str, dict[str, Any]] = {
        "tech.hexmeter.daemon": {
            "ProgramArguments": [*daemon, "daemon"],
            "KeepAlive": {"SuccessfulExit": False},
            "ThrottleInterval": 600,
            "ProcessType": "Background",
        },
        "tech.hexmeter.tray": {
            "ProgramArguments": list(tray),
            "LimitLoadToSessionType": "Aqua",
            "ProcessType": "Interactive",
        },
    }
    for label, own in agents.items():
        path = home / "Library" / "LaunchAgents" / f"{label}.plist"
        yield path, plistlib.dumps({"Label": label, **common, **own})


def system_config(group: str | None) -> str:
    """The configuration that a system service begins with."""
    return (
        "# The system service's configuration: hexmeter config show has every key.\n"
        "# It is readable by all: the token goes to /etc/hexmeter/token, which root alone can read.\n"
        f'[api]\nsocket = "{SYSTEM_SOCKET}"\n'
        + (f"# Members of this group may use the local API.\ngroup = {_toml(group)}\n" if group else "")
        + '[plan]\n# tier = "team"\n# reset_day = 1\n'
    )


def _toml(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
