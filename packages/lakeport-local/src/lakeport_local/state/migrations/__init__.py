"""The database's steps: `NNNN_noun.sql`, applied once each, in order; never edited once released."""
