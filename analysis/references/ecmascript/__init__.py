"""JavaScript and TypeScript, read as far as paths go: tokens, expressions, what they stand for, what they touch."""
