"""The import wizard: upload, map columns, try, import in the background, correct what was refused."""
