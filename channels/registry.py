"""The list of channels, one line each: the only existing file a new channel changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from channels import console, webform, webhook, wechat
from channels.contract import Channel
from channels.wire import Wire

Factory = Callable[[Mapping[str, str], Wire], Channel | None]

FACTORIES: dict[str, Factory] = {
    "wechat": wechat.build,
    "webform": webform.build,
    "webhook": webhook.build,
    "console": console.build,
}


def build(settings: Mapping[str, Mapping[str, str]], wire: Wire) -> dict[str, Channel]:
    """Every channel that is configured, by key; setting names in any case. Raises BadSettings for one that cannot work."""
    made: dict[str, Channel] = {}
    for key, factory in FACTORIES.items():
        given = {name.lower(): value for name, value in settings.get(key, {}).items()}
        channel = factory(given, wire)
        if channel is not None:
            made[key] = channel
    return made
