"""Tables as files that others open: for spreadsheets (CSV), for statistics (JSON-stat 2.0), for analysis (Parquet)."""
