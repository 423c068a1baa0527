"""Keycloak, which gives the tokens where no other issuer does: its image, its realm, and its database."""
