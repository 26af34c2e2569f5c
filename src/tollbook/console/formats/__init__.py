"""How the admin site writes moments, by language; there is one."""
