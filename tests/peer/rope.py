#!/usr/bin/env python3
"""Writes tests/rope/expected.json: the rotary frequencies that transformers computes for configurations of each kind.

usage: rope.py > tests/rope/expected.json
"""
import json

BASE = {"model_type": "llama", "hidden_size": 32, "intermediate_size": 16, "num_hidden_layers": 1,
        "num_attention_heads": 2, "vocab_size": 11, "max_position_embeddings": 512}
CASES = [
    {}, {"rope_theta": 500000.0}, {"head_dim": 24},
    {"rope_scaling": {"rope_type": "linear", "factor": 4.0}},
    {"rope_scaling": {"type": "linear", "factor": 2.5}, "rope_theta": 1000.0},
    {"rope_scaling": {"rope_type": "dynamic", "factor": 8.0}}, {"rope_scaling": {"type": "default"}},
    {"rope_scaling": {"rope_type": "llama3", "factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                      "original_max_position_embeddings": 8192}, "rope_theta": 500000.0, "head_dim": 64},
    {"rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                      "original_max_position_embeddings": 64}, "head_dim": 20},
]


def main():
    from transformers import LlamaConfig
    from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

    out = []
    for case in CASES:
        config = LlamaConfig(**json.loads(json.dumps({**BASE, **case})))
        kind = (config.rope_scaling or {}).get("rope_type", "default")
        frequencies, _ = ROPE_INIT_FUNCTIONS[kind](config, "cpu")
        out.append(json.dumps({"config": {**BASE, **case}, "inv_freq": [float(f) for f in frequencies]}))
    print("[\n" + ",\n".join(out) + "\n]")


if __name__ == "__main__":
    main()
