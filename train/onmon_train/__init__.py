"""Trains onmon's encoder, and measures how robustly the whole system names music."""
