"""The guard: prompts, uploads, outputs and fine-tuning jobs are checked before anything is generated or shown."""
