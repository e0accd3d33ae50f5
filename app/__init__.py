"""The application: joins channels, routing and sla; owns the database and the pages."""
