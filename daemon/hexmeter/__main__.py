"""The `hexmeter` command."""

import sys


def run() -> int:
    """Run the command line of this process; its exit code."""
    from hexmeter.cli.main import main

    return main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(run())
