"""Miners that find what is wrong and the action that mends it."""
