"""The rules of adjudication, pure: facts in, an outcome out; one module per question."""
