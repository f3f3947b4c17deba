"""Alerts in: adapters that turn what monitors send into reports, and the way in for all of them."""
