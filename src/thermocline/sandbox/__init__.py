"""A strict local Cloud Storage server and a realistic lake to rehearse on."""
