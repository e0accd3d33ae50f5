"""What the routing tests share: the shipped taxonomy and phrases, one trained model, a small register."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from app.policy import load_policy
from routing.classify import Model
from routing.place import Gazetteer
from routing.taxonomy import Taxonomy
from routing.training import train
from routing.understand import Understander
from tests.routing.world import ESTATES


@pytest.fixture(scope="session")
def taxonomy() -> Taxonomy:
    return load_policy().taxonomy


@pytest.fixture(scope="session")
def phrases() -> Mapping[str, tuple[str, ...]]:
    return load_policy().phrases


@pytest.fixture(scope="session")
def alarms() -> tuple[tuple[str, bool], ...]:
    return load_policy().alarms


@pytest.fixture(scope="session")
def model(taxonomy: Taxonomy, phrases: Mapping[str, tuple[str, ...]], alarms: tuple[tuple[str, bool], ...]) -> Model:
    return train(phrases, taxonomy, alarms)


@pytest.fixture(scope="session")
def gazetteer() -> Gazetteer:
    return Gazetteer(ESTATES)


@pytest.fixture(scope="session")
def understander(taxonomy: Taxonomy, model: Model, gazetteer: Gazetteer) -> Understander:
    return Understander(taxonomy, model, gazetteer)
