"""The model that is shipped 随附模型: what the policy's phrases teach. Imports nothing slow.

``make install`` trains that of the shipped policy (``python -m app.shipped``) and keeps it inside .venv, so that no start need do
it; that of a city's own policy is trained at its first start and kept in the data folder.
"""

from __future__ import annotations

import sys
from pathlib import Path

from app.policy import Policy, load_policy
from routing.classify import Model, fingerprint

BUILT = Path(sys.prefix) / "share" / "hotline"  # inside .venv


def model_for(policy: Policy, data_dir: Path, built: Path = BUILT) -> Model:
    """The classifier trained from the policy's phrases; trained only where neither folder keeps it."""
    name = f"{fingerprint(policy.phrases, policy.taxonomy, policy.alarms)}.npz"
    kept = data_dir / "models" / name
    for found in (kept, built / "models" / name):
        if found.exists():
            return Model.load(found)
    from routing.training import train  # here, because scikit-learn takes a second to load and only the first start needs it

    model = train(policy.phrases, policy.taxonomy, policy.alarms)
    kept.parent.mkdir(parents=True, exist_ok=True)
    model.save(kept)
    return model


def build(folder: Path = BUILT) -> None:
    """Trains the model of the shipped policy into ``folder`` unless it stands there, and takes away those of other versions."""
    policy = load_policy()
    model = model_for(policy, folder)
    for other in (folder / "models").glob("*.npz"):
        if other.stem != model.fingerprint:
            other.unlink()


if __name__ == "__main__":
    build()
