"""PostgreSQL and Valkey as children of the application, for those who bring no servers of their own."""
