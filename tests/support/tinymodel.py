"""A language model of 300 kB with random weights, in a GGUF file: llama.cpp loads it and says random bytes.

The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

import random
import struct
from dataclasses import dataclass
from itertools import accumulate
from math import prod
from pathlib import Path

WIDTH, FEED_FORWARD, HEADS, CONTEXT = 64, 128, 2, 512
ALIGNMENT = 32

NORMAL, UNKNOWN, CONTROL, BYTE = 1, 2, 3, 6
WORDS = [*"▁aeiotnsrhld", "▁hello", "▁world", "▁the", "▁of"]
TOKENS = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *WORDS]
TOKEN_TYPES = [UNKNOWN, CONTROL, CONTROL, *[BYTE] * 256, *[NORMAL] * len(WORDS)]
SCORES = [*[0.0] * 259, *(-float(rank) for rank in range(len(WORDS)))]

CHAT_TEMPLATE = (
    "{% for m in messages %}<|{{ m['role'] }}|>\n{{ m['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)

Value = int | float | str | list[int] | list[float] | list[str]

METADATA: dict[str, Value] = {
    "general.architecture": "llama",
    "general.name": "tiny-random",
    "general.file_type": 0,
    "llama.vocab_size": len(TOKENS),
    "llama.context_length": CONTEXT,
    "llama.embedding_length": WIDTH,
    "llama.block_count": 1,
    "llama.feed_forward_length": FEED_FORWARD,
    "llama.attention.head_count": HEADS,
    "llama.attention.head_count_kv": HEADS,
    "llama.rope.dimension_count": WIDTH // HEADS,
    "llama.attention.layer_norm_rms_epsilon": 1e-5,
    "tokenizer.ggml.model": "llama",
    "tokenizer.ggml.tokens": TOKENS,
    "tokenizer.ggml.scores": SCORES,
    "tokenizer.ggml.token_type": TOKEN_TYPES,
    "tokenizer.ggml.bos_token_id": 1,
    "tokenizer.ggml.eos_token_id": 2,
    "tokenizer.ggml.unknown_token_id": 0,
    "tokenizer.chat_template": CHAT_TEMPLATE,
}

SHAPES = {
    "token_embd.weight": (WIDTH, len(TOKENS)),
    "output_norm.weight": (WIDTH,),
    "output.weight": (WIDTH, len(TOKENS)),
    "blk.0.attn_norm.weight": (WIDTH,),
    "blk.0.attn_q.weight": (WIDTH, WIDTH),
    "blk.0.attn_k.weight": (WIDTH, WIDTH),
    "blk.0.attn_v.weight": (WIDTH, WIDTH),
    "blk.0.attn_output.weight": (WIDTH, WIDTH),
    "blk.0.ffn_norm.weight": (WIDTH,),
    "blk.0.ffn_gate.weight": (WIDTH, FEED_FORWARD),
    "blk.0.ffn_up.weight": (WIDTH, FEED_FORWARD),
    "blk.0.ffn_down.weight": (FEED_FORWARD, WIDTH),
}


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor of 32-bit floats, with its bytes padded to the alignment."""

    name: str
    shape: tuple[int, ...]
    data: bytes

    def info(self, offset: int) -> bytes:
        shape = struct.pack(f"<I{len(self.shape)}Q", len(self.shape), *self.shape)
        return _text(self.name) + shape + struct.pack("<IQ", 0, offset)


def write(path: Path, context: int = CONTEXT) -> Path:
    """Write the model there, for a context of so many tokens. It is the same every time."""
    known = METADATA | {"llama.context_length": context}
    dice = random.Random(7)
    tensors = [Tensor(name, shape, _aligned(_floats(shape, dice))) for name, shape in SHAPES.items()]
    offsets = accumulate((len(tensor.data) for tensor in tensors), initial=0)
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(known))
    head += b"".join(_text(key) + _tagged(value) for key, value in known.items())
    head += b"".join(tensor.info(offset) for tensor, offset in zip(tensors, offsets, strict=False))
    path.write_bytes(_aligned(head) + b"".join(tensor.data for tensor in tensors))
    return path


def _floats(shape: tuple[int, ...], dice: random.Random) -> bytes:
    count = prod(shape)
    values = [1.0] * count if len(shape) == 1 else [dice.gauss(0, 0.35) for _ in range(count)]
    return struct.pack(f"<{count}f", *values)


def _tagged(value: Value) -> bytes:
    """A metadata value behind the number of its type: 4 unsigned, 6 float, 8 string, 9 array."""
    match value:
        case int():
            return struct.pack("<II", 4, value)
        case float():
            return struct.pack("<If", 6, value)
        case str():
            return struct.pack("<I", 8) + _text(value)
        case [str(), *_]:
            return _array(8, [_text(str(item)) for item in value])
        case [float(), *_]:
            return _array(6, [struct.pack("<f", item) for item in value])
    return _array(5, [struct.pack("<i", item) for item in value])


def _array(kind: int, items: list[bytes]) -> bytes:
    return struct.pack("<IIQ", 9, kind, len(items)) + b"".join(items)


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _aligned(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % ALIGNMENT)
