"""The E2E challenge (Novikova et al., 2017): a public benchmark of text from data, learnt by our own training."""
