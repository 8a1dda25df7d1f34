"""Links that may be opened: those of Hex's own host, over https."""


def leads_to_hex(url: object, hex_link: str | None) -> bool:
    """Whether `url`, which a stranger may have chosen, is a page of `hex_link`, Hex's own https address."""
    if not isinstance(url, str) or hex_link is None or not hex_link.startswith("https://"):
        return False
    return url.startswith(hex_link.rstrip("/") + "/")
