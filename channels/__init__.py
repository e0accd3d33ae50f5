"""Channels 渠道: how residents reach us and how we reach them. Knows nothing of tickets."""
