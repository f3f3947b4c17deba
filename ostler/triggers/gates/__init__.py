"""Gates: checks measured for a pipeline, which goes on or stops by what they say."""
