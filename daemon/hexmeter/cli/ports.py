"""The doctor's look at a port that the configuration names: who listens there, or whether the daemon could."""

import socket
from collections.abc import Mapping
from contextlib import closing

from hexmeter.cli.desktop import Found


def port_check(name: str, key: str, host: str, port: int, held: Mapping[str, int] | None, *, wanted: bool) -> Found:
    """The check of the port for `name`, which `[name] key` sets.

    `held` are the ports that the running daemon listens on, None without one; `wanted`: it does as long as it runs.
    """
    if held is not None and held.get(name) == port:
        return name, "ok", f"the daemon listens on {host}:{port}", ""
    if problem := _problem(host, port):
        mend = f"another program may have it: give [{name}] {key} another port, then: hexmeter reload"
        return name, "warning", f"{host}:{port} cannot be used: {problem}", mend
    if held is not None and wanted:
        return name, "warning", f"{host}:{port} is free now, and the daemon does not listen there", "hexmeter reload"
    return name, "ok", f"{host}:{port} is free", ""


def _problem(host: str, port: int) -> str | None:
    """Why nobody can listen there; None where somebody could."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with closing(socket.socket(family, socket.SOCK_STREAM)) as tried:
        # As the daemon does, for which the end of an old connection is nothing in the way.
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((host, port))
            tried.listen()
        except OSError as error:
            return error.strerror or str(error)
    return None
