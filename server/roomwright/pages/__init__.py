"""Pages as they are served, built from `web/`; never edited here."""
