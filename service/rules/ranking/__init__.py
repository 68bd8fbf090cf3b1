"""Which span fits a field best."""
