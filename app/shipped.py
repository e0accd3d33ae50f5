"""The model that is shipped 随附模型: what the policy's phrases teach, kept in the data folder. Imports nothing slow."""

from __future__ import annotations

from pathlib import Path

from app.policy import Policy
from routing.classify import Model, fingerprint


def model_for(policy: Policy, data_dir: Path) -> Model:
    """The classifier trained from the policy's phrases; kept in the data folder, so that the next start need not train it."""
    kept = data_dir / "models" / f"{fingerprint(policy.phrases, policy.taxonomy, policy.alarms)}.npz"
    if kept.exists():
        return Model.load(kept)
    from routing.training import train  # here, because scikit-learn takes a second to load and only the first start needs it

    model = train(policy.phrases, policy.taxonomy, policy.alarms)
    kept.parent.mkdir(parents=True, exist_ok=True)
    model.save(kept)
    return model
