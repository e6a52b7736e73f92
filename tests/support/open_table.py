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
        "input_cost_per_token_flex": 5e-07,
        "output_cost_per_token_flex": 2.5e-06,
        "input_cost_per_token_priority": 2e-06,
        "output_cost_per_token_priority": 5e-06,
        "successor_model": "gpt-y",
        "supports_vision": True,
        "supports_xhigh_reasoning_effort": True,
        "deprecation_date": "2027-01-14",
    },
    "claude-x": {"litellm_provider": "anthropic", "mode": "chat", "supports_sampling_params": False},
    "claude-y": {
        "litellm_provider": "anthropic",
        "mode": "chat",
        "input_cost_per_token": 2e-06,
        "output_cost_per_token": 1e-05,
        "cache_creation_input_token_cost": 2.5e-06,
        "cache_creation_input_token_cost_above_1hr": 4e-06,
    },
    "dashscope/qwen-x": {
        "litellm_provider": "dashscope",
        "mode": "chat",
        "tiered_pricing": [
            {"input_cost_per_token": 4e-07, "output_cost_per_token": 2e-06, "range": [0, 256000.0]},
            {"input_cost_per_token": 5e-07, "output_cost_per_token": 3e-06, "range": [256000.0, 1000000.0]},
            5,
        ],
    },
    "dashscope/qwen-y": {
        "litellm_provider": "dashscope",
        "mode": "chat",
        "max_input_tokens": 9,
        "input_cost_per_token": 4e-07,
        "output_cost_per_token": 2e-06,
        "output_cost_per_reasoning_token": 4e-06,
    },
    "gemini/gemini-x": {"litellm_provider": "gemini", "mode": "chat", "max_input_tokens": 1},
    "ft:gpt-x": {"litellm_provider": "openai", "mode": "chat", "max_input_tokens": 1},
    "text-embed": {"litellm_provider": "openai", "mode": "embedding", "max_input_tokens": 1},
    "hostile\x1b[2J": {"litellm_provider": "openai", "mode": "chat", "max_input_tokens": 1},
    "odd": "no entry",
}
