"""How the platform is brought up: on one machine without containers (`local`) and in containers."""
