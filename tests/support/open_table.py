"""A small open table of models, in the form of LiteLLM's."""

from typing import Any

OPEN: dict[str, Any] = {
    "sample_spec": {"mode": "one of: chat, embedding"},
    "gpt-x": {
        "litellm_provider": "openai",
        "mode": "chat",
        "max_input_tokens": 900_000,
        "max_output_tokens": 128_000,
        "input_cost_per_token": 1e-06,
        "output_cost_per_token": 5e-06,
        "cache_read_input_token_cost": 5e-08,
        "input_cost_per_token_above_272k_tokens": 2e-06,
        "output_cost_per_token_above_272k_tokens": 7.5e-06,
        "supports_vision": True,
        "supports_xhigh_reasoning_effort": True,
        "deprecation_date": "2027-01-14",
    },
    "claude-x": {"litellm_provider": "anthropic", "mode": "chat", "supports_sampling_params": False},
    "gemini/gemini-x": {"litellm_provider": "gemini", "mode": "chat", "max_input_tokens": 1},
    "ft:gpt-x": {"litellm_provider": "openai", "mode": "chat", "max_input_tokens": 1},
    "text-embed": {"litellm_provider": "openai", "mode": "embedding", "max_input_tokens": 1},
    "hostile\x1b[2J": {"litellm_provider": "openai", "mode": "chat", "max_input_tokens": 1},
    "odd": "no entry",
}
