"""Report templates, their datasets, and the renderers that make files of them."""
