"""What is sold and how it is measured: currencies, regions, products, features, plans, prices."""
