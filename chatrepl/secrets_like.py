"""Texts that look like somebody's key."""

import re

_KEYS = re.compile(
    r"""\b(?:
        sk-[\w-]{16,}                    # OpenAI, Anthropic, OpenRouter, DeepSeek
      | AIza[\w-]{30,}                   # Google
      | gsk_\w{20,}                      # Groq
      | (?:ghp|gho|ghs|ghu|ghr)_\w{20,}  # GitHub
      | github_pat_\w{20,}
      | (?:AKIA|ASIA)[A-Z0-9]{16}        # AWS
      | xox[abprs]-[\w-]{10,}            # Slack
      | hf_[A-Za-z0-9]{20,}              # Hugging Face
      | glpat-[\w-]{16,}                 # GitLab
      | eyJ[\w-]{10,}\.eyJ[\w-]{10,}     # JSON web tokens
      )
      | -----BEGIN\ [A-Z ]*PRIVATE\ KEY""",
    re.VERBOSE,
)


def looks_like_key(text: str) -> bool:
    """Whether something in the text looks like a key: by the marks vendors put at their beginning."""
    return bool(_KEYS.search(text))
