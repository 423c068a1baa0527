"""An OpenID Connect issuer for development: it gives anyone any role, so it runs nowhere else."""
