"""Usage and contracts to rated amounts at size: SQL texts for any engine."""
