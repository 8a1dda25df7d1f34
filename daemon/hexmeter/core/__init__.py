"""The pure core: facts in, decisions out; no input or output, no clock."""
