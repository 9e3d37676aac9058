"""The training side: base models, datasets, fine-tuning, evaluation and the retrain task."""
