"""What a person does: the queue, votes, requests to revert. Used by CLI and console alike."""
