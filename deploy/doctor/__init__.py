"""Looks an installation over, and says in plain words what is wrong and which command helps."""
