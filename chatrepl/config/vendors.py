"""The built-in profiles: vendors as data, in the words of a [profiles.NAME] of the configuration.

Their order is the order in which they are tried when nothing else says who to talk to.
"""

from typing import Any

PROFILES: dict[str, dict[str, Any]] = {
    "openai": {
        "about": "OpenAI's Responses; openai-chat at the address in OPENAI_BASE_URL",
        "dialect": "openai-responses",  # its newer models call tools nowhere else
        "base_url": "https://api.openai.com/v1",
        "base_url_env": "OPENAI_BASE_URL",
        "key_env": "OPENAI_API_KEY",
        "model": "gpt-6-luna",
    },
    "openai-chat": {
        "about": "OpenAI's chat completions, or whatever OPENAI_BASE_URL names",
        "dialect": "openai-chat",
        "base_url": "https://api.openai.com/v1",
        "base_url_env": "OPENAI_BASE_URL",
        "key_env": "OPENAI_API_KEY",
        "model": "gpt-6-luna",
    },
    "openai-completions": {
        "about": "OpenAI's legacy completions (its last model went on 2026-09-28), or a server that has them",
        "dialect": "openai-completions",
        "base_url": "https://api.openai.com/v1",
        "base_url_env": "OPENAI_BASE_URL",
        "key_env": "OPENAI_API_KEY",
        "options": {"template": "plain"},
    },
    "openai-responses": {
        "about": "OpenAI's Responses, with nothing stored at the server",
        "dialect": "openai-responses",
        "base_url": "https://api.openai.com/v1",
        "base_url_env": "OPENAI_BASE_URL",
        "key_env": "OPENAI_API_KEY",
        "model": "gpt-6-luna",
    },
    "anthropic": {
        "about": "Anthropic's Claude",
        "dialect": "anthropic",
        "base_url": "https://api.anthropic.com",
        "base_url_env": "ANTHROPIC_BASE_URL",
        "model": "claude-sonnet-5-5",
        "key_env": "ANTHROPIC_API_KEY",
    },
    "gemini": {
        "about": "Google's Gemini",
        "dialect": "gemini",
        "base_url": "https://generativelanguage.googleapis.com",
        "model": "gemini-3.8-flash",
        "key_env": "GEMINI_API_KEY",
    },
    "openrouter": {
        "about": "OpenRouter: many vendors' models behind one key",
        "dialect": "openai-chat",
        "base_url": "https://openrouter.ai/api/v1",
        "key_env": "OPENROUTER_API_KEY",
        "model": "openrouter/auto",
    },
    "groq": {
        "about": "Groq",
        "dialect": "openai-chat",
        "base_url": "https://api.groq.com/openai/v1",
        "key_env": "GROQ_API_KEY",
        "model": "openai/gpt-oss-120b",
    },
    "deepseek": {
        "about": "DeepSeek",
        "dialect": "openai-chat",
        "base_url": "https://api.deepseek.com",
        "key_env": "DEEPSEEK_API_KEY",
        "model": "deepseek-flash",
    },
    "mistral": {
        "about": "Mistral",
        "dialect": "openai-chat",
        "base_url": "https://api.mistral.ai/v1",
        "key_env": "MISTRAL_API_KEY",
        "model": "mistral-small-latest",
        "usage": False,  # it refuses the question for it
        "parameters": {"seed": "random_seed"},
    },
    "t-cloud": {
        "about": "T-Cloud AI Foundation Services",
        "dialect": "openai-chat",
        "base_url": "https://llm-server.llmhub.t-systems.net/v2",
        "key_env": "TCLOUD_API_KEY",
        "model": "Llama-3.3-70B-Instruct",
    },
    "azure-inference": {
        "about": "Azure AI model inference, at the address in AZURE_INFERENCE_ENDPOINT",
        "dialect": "azure-inference",
        "base_url_env": "AZURE_INFERENCE_ENDPOINT",
        "key_env": "AZURE_INFERENCE_CREDENTIAL",
    },
    "azure-openai": {
        "about": "Azure OpenAI, version 1 of its API; the model is the name of your deployment",
        "dialect": "azure-inference",
        "base_url_env": "AZURE_OPENAI_BASE_URL",
        "key_env": "AZURE_OPENAI_API_KEY",
        "options": {"api_version": "", "auth": "api-key"},
    },
    "azure-deployment": {
        "about": "Azure OpenAI, the deployment named as the model, at the resource in AZURE_OPENAI_ENDPOINT",
        "dialect": "azure-inference",
        "base_url_env": "AZURE_OPENAI_ENDPOINT",
        "key_env": "AZURE_OPENAI_API_KEY",
        "options": {"api_version": "2024-10-21", "auth": "api-key", "deployment": True},
    },
    "scale": {
        "about": "Scale's Enterprise Generative AI Platform (EGP, Spellbook)",
        "dialect": "scale-egp",
        "base_url": "https://api.spellbook.scale.com/egp/v1",
        "model": "gpt-4",
        "key_env": "SPELLBOOK_API_KEY",
    },
    "xai": {
        "about": "xAI's Grok",
        "dialect": "openai-responses",  # its own search is there alone
        "base_url": "https://api.x.ai/v1",
        "key_env": "XAI_API_KEY",
        "model": "grok-4.7",
    },
    "together": {
        "about": "Together: open models",
        "dialect": "openai-chat",
        "base_url": "https://api.together.ai/v1",
        "key_env": "TOGETHER_API_KEY",
        "model": "openai/gpt-oss-120b",
    },
    "fireworks": {
        "about": "Fireworks: open models",
        "dialect": "openai-chat",
        "base_url": "https://api.fireworks.ai/inference/v1",
        "key_env": "FIREWORKS_API_KEY",
        "model": "accounts/fireworks/models/glm-5p3-flash",
    },
    "cerebras": {
        "about": "Cerebras: open models, fast",
        "dialect": "openai-chat",
        "base_url": "https://api.cerebras.ai/v1",
        "key_env": "CEREBRAS_API_KEY",
        "model": "gpt-oss-120b",
    },
    "moonshot": {
        "about": "Moonshot's Kimi",
        "dialect": "openai-chat",
        "base_url": "https://api.moonshot.ai/v1",
        "key_env": "MOONSHOT_API_KEY",
        "model": "kimi-k3",
    },
    "zai": {
        "about": "Z.ai's GLM",
        "dialect": "openai-chat",
        "base_url": "https://api.z.ai/api/paas/v4",
        "key_env": "ZAI_API_KEY",
        "model": "glm-5.3",
    },
    "dashscope": {
        "about": "Alibaba's Qwen, at DashScope's international address",
        "dialect": "openai-chat",
        "base_url": "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
        "key_env": "DASHSCOPE_API_KEY",
        "model": "qwen-plus",
    },
    "minimax": {
        "about": "MiniMax, which speaks Anthropic's protocol",
        "dialect": "anthropic",
        "base_url": "https://api.minimax.io/anthropic",
        "key_env": "MINIMAX_API_KEY",
        "model": "MiniMax-M3",
    },
    "huggingface": {
        "about": "Hugging Face's router: many hosts of open models behind one token",
        "dialect": "openai-chat",
        "base_url": "https://router.huggingface.co/v1",
        "key_env": "HF_TOKEN",
        "model": "openai/gpt-oss-120b",
    },
    "nvidia": {
        "about": "NVIDIA's hosted models (NIM)",
        "dialect": "openai-chat",
        "base_url": "https://integrate.api.nvidia.com/v1",
        "key_env": "NVIDIA_API_KEY",
        "model": "openai/gpt-oss-120b",
    },
    "perplexity": {
        "about": "Perplexity: many vendors' models, which search the web by themselves",
        "dialect": "openai-responses",
        "base_url": "https://api.perplexity.ai/v1",
        "key_env": "PERPLEXITY_API_KEY",
        "model": "openai/gpt-6-luna",
    },
    "vercel": {
        "about": "Vercel's AI Gateway: many vendors' models behind one key",
        "dialect": "openai-chat",
        "base_url": "https://ai-gateway.vercel.sh/v1",
        "key_env": "AI_GATEWAY_API_KEY",
        "model": "openai/gpt-6-luna",
    },
    "cohere": {
        "about": "Cohere's Command",
        "dialect": "openai-chat",
        "base_url": "https://api.cohere.ai/compatibility/v1",
        "key_env": "COHERE_API_KEY",
        "model": "command-a-plus-05-2026",
    },
    "deepinfra": {
        "about": "DeepInfra: open models",
        "dialect": "openai-chat",
        "base_url": "https://api.deepinfra.com/v1/openai",
        "key_env": "DEEPINFRA_API_KEY",
        "model": "openai/gpt-oss-120b",
    },
    "ollama-cloud": {
        "about": "Ollama's cloud",
        "dialect": "ollama",
        "base_url": "https://ollama.com",
        "key_env": "OLLAMA_API_KEY",
        "model": "gpt-oss:120b",
    },
    "sambanova": {
        "about": "SambaNova: open models, fast",
        "dialect": "openai-chat",
        "base_url": "https://api.sambanova.ai/v1",
        "key_env": "SAMBANOVA_API_KEY",
        "model": "gpt-oss-120b",
    },
    "nebius": {
        "about": "Nebius Token Factory: open models",
        "dialect": "openai-chat",
        "base_url": "https://api.tokenfactory.nebius.com/v1",
        "key_env": "NEBIUS_API_KEY",
        "model": "openai/gpt-oss-120b",
    },
    "scaleway": {
        "about": "Scaleway's Generative APIs: open models in Europe",
        "dialect": "openai-chat",
        "base_url": "https://api.scaleway.ai/v1",
        "key_env": "SCW_SECRET_KEY",
        "model": "gpt-oss-120b",
    },
    "ollama": {
        "about": "Ollama on this machine",
        "dialect": "ollama",
        "base_url": "http://127.0.0.1:11434",
        "base_url_env": "OLLAMA_HOST",
        "options": {"truncate": False},  # an error is better than a model that silently forgets the beginning
    },
    "lmstudio": {
        "about": "LM Studio on this machine",
        "dialect": "openai-chat",
        "base_url": "http://127.0.0.1:1234/v1",
    },
    "llamacpp": {
        "about": "llama.cpp's server on this machine",
        "dialect": "openai-chat",
        "base_url": "http://127.0.0.1:8080/v1",
        "prefill": True,
    },
    "vllm": {
        "about": "vLLM on this machine",
        "dialect": "openai-chat",
        "base_url": "http://127.0.0.1:8000/v1",
    },
    "litellm": {
        "about": "A LiteLLM proxy on this machine",
        "dialect": "openai-chat",
        "base_url": "http://127.0.0.1:4000/v1",
        "key_env": "LITELLM_API_KEY",
    },
    "local": {
        "about": "The embedded model: SmolLM2, a toy of 135M parameters, or any GGUF file by -m",
        "dialect": "openai-chat",
        "base_url": "local:",  # started by chatrepl itself
        "prefill": True,
        "system": "You are a helpful assistant.",
        # It loops when it is not stopped, and it is right more often when it is cool.
        "options": {"max_tokens": 512, "temperature": 0.3},
        # llama.cpp closes the connection shortly after a streamed answer, whatever it says.
        "headers": {"Connection": "close"},
    },
}

ELSEWHERE = {"openai": "openai-chat"}
"""The dialect that a profile speaks at any other address than the vendor's own, where it is another: OpenAI's Responses
are imitated by few, its chat completions by all."""

CHECKED = "2026-11-26"
"""The day on which addresses, variables and default models were looked up: in the vendors' pages, in the tables of
models.dev, catwalk and pydantic-ai, and for the models in LiteLLM's (see ``facts``)."""
