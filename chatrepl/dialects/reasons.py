"""Why a reply ended: the words of all protocols, and the one that stands for each."""

from chatrepl.events import FinishReason

FINISH_REASONS: dict[str, FinishReason] = {
    **dict.fromkeys(("stop", "end_turn", "eos", "eos_token", "stop_sequence", "completed", "done", ""), "stop"),
    **dict.fromkeys(("pause_turn", "load", "unload"), "stop"),
    **dict.fromkeys(("length", "max_tokens", "model_length", "context_length", "max_output_tokens"), "length"),
    "model_context_window_exceeded": "length",
    **dict.fromkeys(("tool_calls", "tool_call", "tool", "function_call", "tool_use"), "tool_calls"),
    **dict.fromkeys(("content_filter", "safety", "refusal"), "content_filter"),
    **dict.fromkeys(("error", "insufficient_system_resource", "abort"), "error"),
}


def finish_reason(raw: str, *, called_tools: bool = False) -> FinishReason:
    """The normalised finish reason; a plain stop after tool calls is ``tool_calls``, as several servers mean it."""
    reason = FINISH_REASONS.get(raw.lower(), "other")
    return "tool_calls" if called_tools and reason == "stop" else reason
