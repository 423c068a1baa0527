"""Back-up of the databases, and putting one back."""
