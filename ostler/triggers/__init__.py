"""Alerts in: adapters that turn what monitors send into our own."""
