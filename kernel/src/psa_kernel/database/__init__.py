"""PostgreSQL: sessions bound to a tenant, migrations, and the convergence of what is declared."""
