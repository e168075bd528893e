"""Fine-tuning jobs, examined: the data by manifest, the words that will call it up, and all of it together."""

from seawall.deploy.guard.finetune.examiner import FinetuneExaminer, FinetuneLimits
from seawall.deploy.guard.finetune.rows import ManifestMalformed

__all__ = ["FinetuneExaminer", "FinetuneLimits", "ManifestMalformed"]
