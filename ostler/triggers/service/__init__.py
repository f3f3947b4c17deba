"""The service that monitors send alerts to, over HTTP."""
