"""JSON:API 1.1 compiled from declared resources: reads, writes, documents and the OpenAPI description."""
