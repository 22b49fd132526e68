"""Files: content-addressed blobs, versions, and the records they hang on."""
