"""What starts runs: alerts that come in, and the datasets that are due because of them."""
