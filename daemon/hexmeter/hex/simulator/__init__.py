"""A simulated Hex: a world of people and threads, its HTTP API, faults on demand, and the truth to compare with."""
