"""What papers claim → how it is tried; one module for each paper, see `tevr.models.checks`."""
