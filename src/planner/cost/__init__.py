"""What a subfolder costs today, and what each thing that could be done with it costs."""
