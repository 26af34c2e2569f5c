"""HTTP: access, errors, pagination, filters and format negotiation."""
