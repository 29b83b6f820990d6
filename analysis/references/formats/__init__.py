"""Everything that is neither Python, JavaScript nor shell: SQL, YAML, Terraform, other languages, documents."""
