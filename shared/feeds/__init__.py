"""What outsiders follow: a log that is only added to, from a cursor, by long poll or server-sent events, and as files."""
