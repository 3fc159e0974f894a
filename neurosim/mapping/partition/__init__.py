"""Partitioners: neurons to clusters, each of which fits on one core."""
