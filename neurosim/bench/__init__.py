"""Benchmark of mapping algorithms: each run in its own process, one result file each, a leaderboard made of them."""
