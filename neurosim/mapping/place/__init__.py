"""Placers: clusters to cores of the mesh."""
