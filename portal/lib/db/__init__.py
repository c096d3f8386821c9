"""Django's PostgreSQL backend with one addition: it says who acts at every outermost BEGIN."""
