"""Small tools without knowledge of documents: JSON Pointers, batching, file names. Imports no other room."""
