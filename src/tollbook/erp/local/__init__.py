"""The ERP that comes with Tollbook: it prints the documents itself and is never away."""
