"""Files by key, in a folder or in an S3 bucket."""
